"""Vectors of eight lanes inside compiled functions, for products of matrices that fit into the cache.

LLVM turns a plain loop over products into code at a fifth of a core's speed; where the vectors are written out, sums
stay in registers: a product of two 16 x 16 matrices at 60 GFLOP/s where MKL reaches 25. Each of these is an instruction
or two, built into the function that uses it; in float64 two or four. Arrays are flat and dense; nothing is checked.
"""

# mypy: ignore-errors
# Numba and llvmlite ship no types.

from typing import Any

try:
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.extending import intrinsic, models, register_model
    from numba.np.arrayobj import populate_array

    _NUMBERS = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}

    class _Lanes(types.Type):
        def __init__(self, dtype: Any) -> None:
            super().__init__(name=f"eight {dtype} lanes")
            self.dtype = dtype

        @property
        def vector(self) -> Any:
            return ir.VectorType(_NUMBERS[self.dtype], 8)

    @register_model(_Lanes)
    class _LanesInRegister(models.PrimitiveModel):
        def __init__(self, manager: Any, lanes: Any) -> None:
            super().__init__(manager, lanes, lanes.vector)

except ImportError:  # as in compiled.py: nothing is compiled then

    def intrinsic(function: Any) -> Any:
        return function


@intrinsic
def load(typing, array, at):
    """The eight entries from `at` on."""

    def build(context, builder, signature, arguments):
        vector = builder.load(_vector(context, builder, signature, arguments))
        vector.align = array.dtype.bitwidth // 8
        return vector

    return _Lanes(array.dtype)(array, types.intp), build


@intrinsic
def store(typing, array, at, lanes):
    """Writes eight entries from `at` on."""

    def build(context, builder, signature, arguments):
        builder.store(arguments[2], _vector(context, builder, signature, arguments)).align = array.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), build


@intrinsic
def spread(typing, array, at):
    """The entry at `at` in every lane."""
    lanes = _Lanes(array.dtype)

    def build(context, builder, signature, arguments):
        number, index = builder.load(_address(context, builder, signature, arguments)), ir.IntType(32)
        vector = builder.insert_element(ir.Constant(lanes.vector, ir.Undefined), number, ir.Constant(index, 0))
        return builder.shuffle_vector(vector, vector, ir.Constant(ir.VectorType(index, 8), [0] * 8))

    return lanes(array, types.intp), build


@intrinsic
def nothing(typing, like):
    """0 in every lane, of the dtype of an array."""
    lanes = _Lanes(like.dtype)
    return lanes(like), lambda context, builder, signature, arguments: ir.Constant(lanes.vector, [0.0] * 8)


@intrinsic
def add_product(typing, total, one, other):
    """total + one * other, lane by lane; rounded once where the processor can."""

    def build(context, builder, signature, arguments):
        kind = ir.FunctionType(total.vector, [total.vector] * 3)
        name = f"llvm.fmuladd.v8f{total.dtype.bitwidth}"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [*arguments[1:], arguments[0]])

    return total(total, one, other), build


@intrinsic
def total(typing, lanes):
    """The sum of all lanes: halves upon each other, three times."""

    def build(context, builder, signature, arguments):
        (left,), kind = arguments, ir.VectorType(ir.IntType(32), 8)
        for half in (4, 2, 1):
            upper = ir.Constant(kind, [lane ^ half for lane in range(8)])
            left = builder.fadd(left, builder.shuffle_vector(left, left, upper))
        return builder.extract_element(left, ir.Constant(ir.IntType(32), 0))

    return lanes.dtype(lanes), build


def _address(context, builder, signature, arguments):
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


def _vector(context, builder, signature, arguments):
    vector = _Lanes(signature.args[0].dtype).vector
    return builder.bitcast(_address(context, builder, signature, arguments), vector.as_pointer())


@intrinsic
def fetch(typing, array, at):
    """Asks for the cache line of the entry at `at`, and does not wait for it."""

    def build(context, builder, signature, arguments):
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        place = builder.bitcast(_address(context, builder, signature, arguments), byte)
        builder.call(function, [place, ir.Constant(number, 0), ir.Constant(number, 3), ir.Constant(number, 1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), build


@intrinsic
def turn(typing, array, at, step, turned, its_at, its_step):
    """Writes 8 x 8 entries, transposed: `at` is where their first row begins, `step` how far the next one is."""

    def build(context, builder, signature, arguments):
        def row(first, number):
            at, step = arguments[first + 1 : first + 3]
            place = builder.add(at, builder.mul(step, ir.Constant(at.type, number)))
            return _vector(context, builder, signature.replace(args=signature.args[first:]), [arguments[first], place])

        align = array.dtype.bitwidth // 8
        rows = [builder.load(row(0, number), align=align) for number in range(8)]
        for distance in (4, 2, 1):  # two by two, blocks of that size change places
            for one in range(8):
                if not one & distance:
                    a, b = rows[one], rows[one | distance]
                    upper = [8 + lane - distance if lane & distance else lane for lane in range(8)]
                    lower = [8 + lane if lane & distance else lane + distance for lane in range(8)]
                    rows[one], rows[one | distance] = (
                        builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), 8), lanes))
                        for lanes in (upper, lower)
                    )
        for number, lanes in enumerate(rows):
            builder.store(lanes, row(3, number), align=align)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, turned, types.intp, types.intp), build


@intrinsic
def array_at(typing, address, size, like):
    """The array [entry], of the dtype of another, that begins at an address.

    A list of arrays, however long, is one array of those.
    """

    def build(context, builder, signature, arguments):
        array = context.make_array(signature.return_type)(context, builder)
        entry = context.get_constant(types.intp, like.dtype.bitwidth // 8)
        data = builder.inttoptr(arguments[0], _NUMBERS[like.dtype].as_pointer())
        populate_array(array, data=data, shape=[arguments[1]], strides=[entry], itemsize=entry, meminfo=None)
        return array._getvalue()

    return types.Array(like.dtype, 1, "C")(types.intp, types.intp, like), build
