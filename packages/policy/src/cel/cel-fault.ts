/** An evaluation error as a value: CEL's `||` and `&&` absorb errors, so nothing is thrown while evaluating. */
export class CelFault {
  readonly detail: string;
  constructor(detail: string) {
    this.detail = detail;
  }
}
