/** Which samples each iteration takes: one after the other, a few at a time, or all. Everything counts from 0. */

export class Plan {
  /** data: `samples`, their number; `size` of a batch; `orders`, the samples of each pass, or null where they keep their
      order. */
  constructor({ samples, size, orders }) {
    this.samples = samples;
    this.size = size;
    this.orders = orders;
    this.perPass = Math.ceil(samples/size);
    this.everyOne = Array.from({ length: samples }, (_, index) => index);
  }

  firstRow(iteration) {
    return Math.floor(iteration/this.perPass)*this.samples + (iteration % this.perPass)*this.size;
  }

  iteration(row) {
    return Math.floor(row/this.samples)*this.perPass + Math.floor((row % this.samples)/this.size);
  }

  /** The samples of an iteration, one a row. */
  taken(iteration) {
    const order = this.orders?.[Math.floor(iteration/this.perPass)] ?? this.everyOne;
    const first = (iteration % this.perPass)*this.size;
    return order.slice(first, first + this.size);
  }
}
