# One image for every service of Charter: compose and Kubernetes choose which by the command, such as `apps/plan/src/main.ts`.
FROM node:24-bookworm-slim AS manifests
WORKDIR /app
COPY . .
# Nothing but what npm reads, so that a change of code does not install everything again.
RUN mkdir /manifests && cp package-lock.json /manifests \
  && find . -name package.json -not -path '*/node_modules/*' -exec cp --parents {} /manifests \;

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY --from=manifests /manifests ./
# Optional packages are Node itself, Postgres and native speed-ups of other platforms: the image brings its own or needs none.
RUN npm ci --workspace launcher --include-workspace-root=false --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY --from=dependencies /app ./
COPY package.json ./
COPY packages packages
COPY apps apps
COPY launcher launcher
COPY deploy/alertmanager deploy/alertmanager
COPY deploy/prometheus deploy/prometheus
COPY deploy/packs deploy/packs
COPY docs/runbooks docs/runbooks
# Volumes take over the owner of the folder they are mounted on.
RUN mkdir -p /charter/keys/issued /charter/keys/services /charter/keys/servers /charter/config/prometheus \
  /charter/config/alertmanager /charter/state && chown -R node:node /charter
USER node
ENTRYPOINT ["node", "--import", "/app/launcher/src/compose-environment.ts"]
HEALTHCHECK --interval=15s --timeout=15s --start-period=120s --retries=4 CMD ["node", "/app/launcher/src/compose-health.ts"]
