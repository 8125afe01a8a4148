"""JAX's side of beside_jax.py: `vmap` over members, `scan` over steps, `jit`, with the same recording. One thread.

    python jax_peer.py mlp|rnn MEMBERS WIDTH STEPS

prints microseconds per member and step, and the seconds that compiling took, which are not counted. The recording is
D_p at every layer or time step, the norm of every parameter's gradient and of all together, and the loss; the norms
are taken in float32, without the care that keeps 1e-23 from reading 0.
"""

import os
import statistics
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["OMP_NUM_THREADS"] = "1"

import jax
import jax.numpy as jnp
import numpy as np

BATCH, ROUNDS = 32, 3
FEATURES, CLASSES, LAYERS = 64, 10, 10
LENGTH = 50


class Perceptron:
    def __init__(self, width):
        self.width, self.sizes = width, [FEATURES, *[width] * LAYERS, CLASSES]

    def initial(self, key):
        keys = jax.random.split(key, len(self.sizes))
        pairs = list(zip(keys, self.sizes[1:], self.sizes[:-1], strict=False))
        return [(jax.random.normal(k, (out, into)) / np.sqrt(into), jnp.zeros(out)) for k, out, into in pairs]

    def taps(self):
        return [jnp.zeros((BATCH, self.width))] * LAYERS

    def loss(self, parameters, taps, x, y):
        *hidden, (weight, bias) = parameters
        for (own, shift), tap in zip(hidden, taps, strict=True):
            x = jnp.tanh(x @ own.T + shift + tap)
        scores = jax.nn.log_softmax(x @ weight.T + bias)
        return -jnp.mean(jnp.take_along_axis(scores, y[:, None], 1))

    def batches(self, rng, steps):
        inputs = rng.normal(size=(steps, BATCH, FEATURES)).astype("f4")
        return jnp.asarray(inputs), jnp.asarray(rng.integers(0, CLASSES, (steps, BATCH)))

    def signals(self, flowing):
        return jnp.stack([jnp.sqrt(jnp.mean(one**2)) for one in flowing]) * BATCH


class Recurrent:
    def __init__(self, width):
        self.width = width

    def initial(self, key):
        width, bound = self.width, 1 / np.sqrt(self.width)
        shapes = {
            "entering": (width, 2),
            "recurrent": (width, width),
            "b_ih": (width,),
            "b_hh": (width,),
            "out": (1, width),
            "b": (1,),
        }
        keys = jax.random.split(key, len(shapes))
        return {
            name: jax.random.uniform(k, shape, minval=-bound, maxval=bound)
            for (name, shape), k in zip(shapes.items(), keys, strict=True)
        }

    def taps(self):
        return jnp.zeros((LENGTH, BATCH, self.width))

    def loss(self, parameters, taps, x, y):
        projected = x @ parameters["entering"].T + parameters["b_ih"] + parameters["b_hh"]

        def step(hidden, entering):
            projection, tap = entering
            return jnp.tanh(projection + hidden @ parameters["recurrent"].T) + tap, None

        start = jnp.zeros((BATCH, self.width))
        hidden, _ = jax.lax.scan(step, start, (projected.transpose(1, 0, 2), taps))
        return jnp.mean(((hidden @ parameters["out"].T + parameters["b"])[:, 0] - y) ** 2)

    def batches(self, rng, steps):
        inputs = rng.normal(size=(steps, BATCH, LENGTH, 2)).astype("f4")
        return jnp.asarray(inputs), jnp.asarray(rng.normal(size=(steps, BATCH)).astype("f4"))

    def signals(self, flowing):
        return jnp.sqrt(jnp.mean(flowing**2, axis=(1, 2))) * BATCH


def trained(network, members, steps):
    """A function that trains so many members for so many steps, and what it is called with."""
    parameters = jax.vmap(network.initial)(jax.random.split(jax.random.PRNGKey(0), members))

    def step(parameters, first, second, x, y, rate, largest, count):  # noqa: PLR0917  # vmap maps positions
        found = jax.value_and_grad(network.loss, argnums=(0, 1))(parameters, network.taps(), x, y)
        loss, (gradient, flowing) = found
        norms = jax.tree.map(lambda g: jnp.sqrt(jnp.sum(g**2)), gradient)
        total = jnp.sqrt(sum(norm**2 for norm in jax.tree.leaves(norms)))
        gradient = jax.tree.map(lambda g: g * jnp.minimum(1.0, largest / (total + 1e-6)), gradient)
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        one, two = 1 - 0.9**count, 1 - 0.999**count
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * (m / one) / (jnp.sqrt(v / two) + 1e-8), parameters, first, second
        )
        return parameters, first, second, (loss, network.signals(flowing), total, norms)

    every = jax.vmap(step, in_axes=(0, 0, 0, None, None, 0, 0, None))

    @jax.jit
    def run(parameters, xs, ys, rates, largest):
        zeros = jax.tree.map(jnp.zeros_like, parameters)

        def body(carried, batch):
            *state, count = carried
            *state, record = every(*state, *batch, rates, largest, count)
            return (*state, count + 1), record

        return jax.lax.scan(body, (parameters, zeros, zeros, 1.0), (xs, ys))

    batches = network.batches(np.random.default_rng(0), steps)
    return run, (parameters, *batches, jnp.full(members, 1e-3), jnp.full(members, 1.0))


def main():
    kind, members, width, steps = sys.argv[1], *map(int, sys.argv[2:])
    run, given = trained({"mlp": Perceptron, "rnn": Recurrent}[kind](width), members, steps)
    seconds = []
    for _ in range(1 + ROUNDS):
        start = time.perf_counter()
        jax.block_until_ready(run(*given))
        seconds.append(time.perf_counter() - start)
    typical = statistics.median(seconds[1:])
    print(f"{1e6 * typical / steps / members:.2f} {seconds[0] - typical:.2f}")


if __name__ == "__main__":
    main()
