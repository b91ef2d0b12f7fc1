/** Thrown inside the YAML reader and turned into a document error by `readYaml`. */
export class YamlRefusal extends Error {
  readonly at: number;
  constructor(detail: string, at: number) {
    super(detail);
    this.at = at;
  }
}
