// A number or a moment of a table: in it as its reader's language writes it, in files as other programs read it.
export class Amount {
  // `value`: a number, a decimal string of the API, an ISO moment, or null; `text`: the same for people.
  constructor(value, text) {
    Object.assign(this, { value, text });
    Object.freeze(this);
  }
  toString() { return this.text; }
}

export const amount = (value, write) => new Amount(value, write(value));
