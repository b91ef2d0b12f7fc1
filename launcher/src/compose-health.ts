// Health check of a container: succeeds when the service in it says that it is ready.
import { get } from 'node:http';

const request = get({ host: '127.0.0.1', port: process.env.PORT, path: '/ready', timeout: 4_000 }, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
});
request.on('timeout', () => request.destroy(new Error('no answer')));
request.on('error', () => {
  process.exitCode = 1;
});
