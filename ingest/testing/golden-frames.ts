// Frames with all that is in their parts, byte for byte as a version sent them, and what their rows are in the stores. They are never changed: a
// version that sends something else adds another.
import type { Value } from '../../core/batch/batch.ts';

export interface GoldenFrame {
  readonly version: string;
  /** In base64. */
  readonly frame: string;
  /** The door's clock when it came, ms. */
  readonly at: number;
  /** The only metric in it, of which there is one series. */
  readonly name: string;
  /** time, mantissa, exponent, start. */
  readonly samples: readonly (readonly Value[])[];
  /** The columns of the table but metric, id and insert, in their order. */
  readonly histograms: readonly (readonly Value[])[];
  readonly summaries: readonly (readonly Value[])[];
}

const AT = Date.UTC(2026, 10, 29, 12);
const time = (ms: number): bigint => BigInt(AT + ms);

export const GOLDEN_FRAMES: readonly GoldenFrame[] = [
  {
    version: 'without start times, histograms and summaries',
    at: AT,
    name: 'golden.before',
    samples: [
      [time(-10_000), 15n, 1, 0n],
      [time(0), 225n, 2, 0n],
    ],
    histograms: [],
    summaries: [],
    frame:
      'SU1GMUABAAB7InZlcnNpb24iOjIsImFnZW50IjoiZ29sZGVuLTEiLCJob3N0IjoiZ29sZGVuLTEiLCJib290IjoiMTc5NTk1MzU5OTAwMCIsInNlcSI6MSwic2VudCI6IjIwMjYtMTEtMjlUMTI6MDA6MDAuMDAwWiIsImxhYmVscyI6e30sInBhcnRzIjpbeyJzY2hlbWEiOiJzZXJpZXMiLCJ2ZXJzaW9uIjoxLCJzZXEiOjEsInJvd3MiOjEsImJ5dGVzIjo0NjEsImVuY29kaW5nIjoienN0ZCIsInNpemUiOjE1ODR9LHsic2NoZW1hIjoibWV0cmljcyIsInZlcnNpb24iOjEsInNlcSI6Miwicm93cyI6MiwiYnl0ZXMiOjI4MSwiZW5jb2RpbmciOiJ6c3RkIiwic2l6ZSI6NzM2fV19ICi1L/1gMAUdDgDmUTs2UIU4jQEwK3ZmZWeyqkRVVQ2rcMUiCdfYLJ5vRzhs1EGEYSQ1F4zXCmQCzTYdSOuRkEFcQy0FJAAtACwAU5GrX+ij66PJH+AP/dxP+QPydz6d0W/qNzXB1QVTS96Ru7sBFxj/x0cQrAg9m3JZcljWfTgswk3jbHTgyjCN9dMNzF6yHATOL+xvfCP6ra8CEJMlKRRpktYWpMo/mK4kT6AGaHdXuwg9v6Sa3/HSEb+BYhuXKWTJW/rRiRr/u7sVhuxoGYWqoh6Mg7HbdBWK6SBGN81CLw2ZXlHDJCxkPAD4RBaM/OJx8kxSvCciiQx5qHFdQzMjaTXbARADkZmpGxJg1BioMhOQBBVK7EhJSgoK0nJzFLwj0QnBW/KzumE6SJ7SR0j/sytfPVcKhAWzFZMMKUITJJlTHkd8k3KMhaSZUwUnxPcOWA8MOZT66A0uYAFbBTwWrrV0xWMr/XIjQaddbaL0vbPPtywNGfzRS75v4Ia9MPrlivXa/Ilne59iCILOqUdw8PpL7+HlKADUQ6MB9CHzuzr0M7UgjAtYZYYXtkhLPqxxkSoayf03gyvRmc8W60ozGwj4tzPFgbdiBVF+KLUv/WDgAX0IAFJLJCuATZoDaIuYAWSFqTgjxJLUzo5nB/BbheqH9XZAGukLeyb4I7axJd5E7r1Tf3eXgTaMXDjoQFAoCTFI+HgA2XgwFwEcJO3SKo0tiGmjnDCVu7tVKsWomMj45KjAIULi0YZTdZ4YMprqUAtANkVl0dlwLg09v7SUwHYtco9rbvliV3bKnit1pQ5sCVIpPxp3dwE8IOCCGZriASLDASwHU2bQA+IPRHY4WJiPjLOxMR9mnoS980tYaXx76BUmhj+Y40F7sMar86uWXTSOz8gEDADHHZRQtjGzBe6UQjkfi204GyBrWJPqnO+VUYoJiGPLotycNy07e9GLA85vJDZ9CRHs2MOduZ5xAaDCKBI=',
  },
  {
    version: 'with start times, histograms and summaries',
    at: AT,
    name: 'golden.starts',
    samples: [[time(0), 7n, 0, time(-3_600_000)]],
    histograms: [
      [time(0), time(-5), false, 6n, 1.5, -1, 9, [-1, 0.5, 3], [1n, 2n, 0n, 3n], null, 0n, 0, 0, [], 0, []],
      [time(1), 0n, false, 10n, null, null, null, [], [], 3, 1n, 1e-9, -4, [2n, 0n, 3n], 7, [4n]],
    ],
    summaries: [[time(0), time(-5), false, 5n, 12.5, [0.5, 0.99], [2, 3.5]]],
    frame:
      'SU1GMQgCAAB7InZlcnNpb24iOjIsImFnZW50IjoiZ29sZGVuLTEiLCJob3N0IjoiZ29sZGVuLTEiLCJib290IjoiMTc5NTk1MzU5OTAwMCIsInNlcSI6MTAsInNlbnQiOiIyMDI2LTExLTI5VDEyOjAwOjAwLjAwMFoiLCJsYWJlbHMiOnt9LCJwYXJ0cyI6W3sic2NoZW1hIjoic2VyaWVzIiwidmVyc2lvbiI6MSwic2VxIjoxMCwicm93cyI6MSwiYnl0ZXMiOjQ2MywiZW5jb2RpbmciOiJ6c3RkIiwic2l6ZSI6MTU5Mn0seyJzY2hlbWEiOiJtZXRyaWNzIiwidmVyc2lvbiI6MSwic2VxIjoxMSwicm93cyI6MSwiYnl0ZXMiOjMwNCwiZW5jb2RpbmciOiJ6c3RkIiwic2l6ZSI6ODY0fSx7InNjaGVtYSI6Imhpc3RvZ3JhbXMiLCJ2ZXJzaW9uIjoxLCJzZXEiOjEyLCJyb3dzIjoyLCJieXRlcyI6NzU4LCJlbmNvZGluZyI6InpzdGQiLCJzaXplIjozMzI4fSx7InNjaGVtYSI6InN1bW1hcmllcyIsInZlcnNpb24iOjEsInNlcSI6MTMsInJvd3MiOjEsImJ5dGVzIjo0NTUsImVuY29kaW5nIjoienN0ZCIsInNpemUiOjE2NDh9XX0gICAgICAgKLUv/WA4BS0OACaSOzZQhTiNATArdmVnZmYWBZmZjIPrAntL2/xubL/RbJHOlHQ70EBnt7UrNoNmmw7xRiMmg7iGWgokACwALgDvKfLbfR6qHpr8Af7PT/+FP2B379IL7Z52Tw/8Jnha8o2ttdYzSsD5Oz5yQE3IySK9lspro6BywgzbWFGguqSG2kULXh9Rlsd7JX/GM6Cf+tDDOkiWrVQek6WmIG/fQPpJli4YnVprjduEnD+Kmr/x0Q1/QZQZvSJkiTvaoQX/tdZKSVgNyyA8SuRICudmbRcLZhiMajKj0QxSTeGK1cQwEBqAi4WHwdPZK9zEvtmMOyJ5qHFZQzMjbTXbARADkZmpGxLg1BijMiMkQYUSO1KSkoKCtBx7FPwj0QvRX5JZHcJ66LPiyc3tP3/9q/dKu0M31ACEYiAVOLQjAxmGftwFBSeuBAqBQmO52uX1ZjImtY+uwQIssFUAbeEKS1c4ti4v9xN82eUm6qkx+3zL0oDBAL3k+0ZuWAqj8qxYIpt/8W/gUzwG0D31MA6uWPoOX0dNph5CDWAP79ZtqM9qQTIQrM1MXmL1S/6vIZYqbsn9N/orKpnhFmtIsww0/AWa6qC0sRIoPyi1L/1gYAI1CQByCyYtcEnUGAj63/hXVVVH4Kriv3CkSztC2hRcHxSBhu1M8zaZ5gzk/6ntdiGxJWkp/7u7T1cAMQVIQAPPC5tFFcEdcBUdAaSOAqhUuDDAZTOMEHZ3p0bNDUrJm5nZAaMeFAGDBIVfsbJrPpSmhutPHMb61aVNK/uZTxDn5bGx/E3/xT/xY3/0L/pbhyvyO/6OO5Y/jjePUOzuBkaosc3AhkhBKlkO4IKRIbINEsATKdU1ygRVcRM7YeLCQmszIMGHhkhe83MDXlTpn5NezenR5PBENgV/s7flvEVsfX6QDNXbUP9Ddv68Hl9nw7ThtnwWr4yvafjOIir4kaFvHLtaiDzn3tMyFPoivYuSjVFtOOitw8E+UifNuWSLePe0D2S48v9fQBootS/9YAAMZRcA9htZPzBvk8awqsaXPFsaakAfsMkp/DHRQjU1ommkvpEGTVpgYEWqvTvH+esoSN9GiJWP6Cj+Kik8f4ZtT7Jj295bpjoAQwBNAPAJip94+Al8KOIh5yH9Z+JfhHck3mV4x+B39BviN/Rr+UX/hx/zY8Thcem4w+VwOcbzAssznjKqtda/yrS26YCyCi9pKNO5sIqDUzCQ9iodUKZ5DoVun8ym/ZOXqgcSJvzPwq7tpeqyuX5HAxxfc302C/sp7/anfvrP5cXzi5kcc+zly6yWmtPTjFv2Ofh2DaxnZizBUK21ZixYHUdJim6W9vGRdVgXru3SMs9P4F214WQgmvUB2Qb8s3RkHwvDL71bjaMcRTFruw7/tdYKB/CutbZocKFAQAqNEh3eORhF78AjVDgYSSNg8f6C2EigMQVNpNEgAkHkxIoFG3GP9IiY6YusIjWn+cYd0ZJLJMkk08iIDAmZHHbDDK1negSBBaihZTIiSVJQqDHMAWEGY2aqjBsSQLMcojTIEILQiAQSyQQSSZCgsKCgLYwB4O2NiUdM92GDJfDrucaFlXHZ4gIVhjXRCDeonymbHu8nwK+9ImXp5SQjaqOUm+Tcg1UjzAZRO2FfjCslABbTWtCBifmgdfCSCIJbWgYeKj+1WqYAL30cNQlGDX86dNR6BvBuw3CrZ1vMxU+HjqoPVR92Us0auInpQmVuGD9c7sMh3FfgZRwxmTpwuF3FncNqEdN9bPgYflnpLr8eUbcfqw0mif3YP70Gfqv7JNs+DQhpsubSFJxHhTYNdf2NSQf1gCY1EcwDrRjpYIB7jydwmJ6ESYkvJPI2ug/pX72dSEsxBlFOI2bKfopikn9WMhEnywg0ziZAhDWxV4kxcJCbxefYYQ/rwgZgQCbIzbVncbLkZHf1cK6xmNjgyiY3yWwdkuZM0ybY5nB7QV42/HIOY4yMPpgB0bhAJN+llP2ZWGlFtuqN8GHpuQx258p6vDnDR8xpVGnxAyi1L/1gcAXtDQDW0Dg1YIvSGBCgB3FtCUKswZqAteGnDLo0WV6GvXFFW8bLSoog32BYafih8LcjmDHDVlKGWEL2TgEhACYALwD/PP5p/OP8i3/Hf/Fn/olOrVvrmzpOHRdYPnD8+iljdzeStzALDxD/lG3afAuzkdB0sr5HE81s+6uH77/82MtjwHJqyPGwIPBBAGt5bX3gZ3e3A3UqtmxqP1UoXAbSZqjTUUQMUldbx02VUDfheVCFPUWdyf0B/7u7m6gJIV0WIA0kTQlBYjDyb8OScHAEV/JgjBhGHyIKFslRB7nRjGL08jClqNQJAnyooV1CoylISSrLGBCDEZEhNxJg8yTVOMiIDMVI3CRFBQYFKYwBQhQAW8pbFkXzQHfQYuNfSCmKbhE0B7JQFN0iaA5koSi6RdAcyD0VwQ6S+SbD0sLR/hzpGbplFmlrgLl4+8t3/LlrXq/iiBBCTRYOTtAO+U5auUz8bAth8wZIfPAmprGnnLyd4EXO9M/E5IO5uxHTiDAnqF3RD8GeAUmpn9c2aWjKLZRPMw7JoDwM1P6hb+yw6Mgmkz21y7Tjw60fj9WPZzA8HvDwnFjvO1N7YIpCeZQf',
  },
];
