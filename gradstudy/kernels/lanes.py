"""Vectors of eight float32 lanes inside compiled functions, for products of matrices that fit into the cache.

LLVM turns a plain loop over products into code at a fifth of a core's speed; where the vectors are written out, sums
stay in registers: a product of two 16 x 16 matrices at 60 GFLOP/s where MKL reaches 25. Each of these is an instruction
or two, built into the function that uses it. Arrays are flat and contiguous; nothing is checked.
"""

# mypy: ignore-errors
# Numba and llvmlite ship no types.

from typing import Any

try:
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.extending import intrinsic, models, register_model

    _VECTOR = ir.VectorType(ir.FloatType(), 8)

    class _Lanes(types.Type):
        def __init__(self) -> None:
            super().__init__(name="eight float32 lanes")

    @register_model(_Lanes)
    class _LanesInRegister(models.PrimitiveModel):
        def __init__(self, manager: Any, lanes: Any) -> None:
            super().__init__(manager, lanes, _VECTOR)

    _LANES = _Lanes()
except ImportError:  # as in compiled.py: nothing is compiled then

    def intrinsic(function: Any) -> Any:
        return function


@intrinsic
def load(typing, array, at):
    """The eight entries from `at` on."""

    def build(context, builder, signature, arguments):
        vector = builder.load(_vector(context, builder, signature, arguments))
        vector.align = 4
        return vector

    return _LANES(array, types.intp), build


@intrinsic
def store(typing, array, at, lanes):
    """Writes eight entries from `at` on."""

    def build(context, builder, signature, arguments):
        builder.store(arguments[2], _vector(context, builder, signature, arguments)).align = 4
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), build


@intrinsic
def spread(typing, array, at):
    """The entry at `at` in every lane."""

    def build(context, builder, signature, arguments):
        number, index = builder.load(_address(context, builder, signature, arguments)), ir.IntType(32)
        vector = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), number, ir.Constant(index, 0))
        return builder.shuffle_vector(vector, vector, ir.Constant(ir.VectorType(index, 8), [0] * 8))

    return _LANES(array, types.intp), build


@intrinsic
def nothing(typing):
    """0 in every lane."""
    return _LANES(), lambda context, builder, signature, arguments: ir.Constant(_VECTOR, [0.0] * 8)


@intrinsic
def add_product(typing, total, one, other):
    """total + one * other, lane by lane; rounded once where the processor can."""

    def build(context, builder, signature, arguments):
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.fmuladd.v8f32")
        return builder.call(function, [*arguments[1:], arguments[0]])

    return _LANES(total, one, other), build


def _address(context, builder, signature, arguments):
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


def _vector(context, builder, signature, arguments):
    return builder.bitcast(_address(context, builder, signature, arguments), _VECTOR.as_pointer())


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
