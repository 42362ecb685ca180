"""The trained net as an ONNX file, which OpenCV runs without torch.

Batch normalisation is folded into the convolutions, whose weights are kept in half precision.
The graph is written node by node: six kinds of them, so that nothing depends on how a tracing
exporter sees the model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from madorizu.learn.model import Block, Tracer
from madorizu.vectorise.answer import CHANNELS

Floats = npt.NDArray[np.float32]
OPSET = 17


@dataclass
class _Graph:
    """Nodes and weights collected so far."""

    nodes: list[Any] = field(default_factory=list)
    weights: list[Any] = field(default_factory=list)

    def add(self, kind: str, inputs: list[str], **given: Any) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **given))
        return name

    def constant(self, values: npt.NDArray[Any]) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name


def to_onnx(model: Tracer, size_px: int) -> bytes:
    """Return the net as an ONNX file for square pictures of one size.

    The input "pixels" is float32 (1, 3, size, size), 0 to 1; the output "scores" float32
    (1, CHANNELS, size / 16, size / 16).
    """
    model.eval()
    graph = _Graph()
    x = graph.add("Sub", ["pixels", graph.constant(np.array(0.5, np.float32))])
    cell = _sequence(graph, model.down, x)
    half = _sequence(graph, model.wide, cell)
    least = _sequence(graph, model.widest, half)
    half = _block(graph, model.mix_half, _sum(graph, half, _doubled(graph, _plain(graph, model.back_to_half, least))))
    cell = _sequence(graph, model.mix_cell, _sum(graph, cell, _doubled(graph, _plain(graph, model.back_to_cell, half))))
    last = _plain(graph, model.head, cell)
    graph.nodes.append(helper.make_node("Identity", [last], ["scores"]))
    cells = size_px // 16
    whole = helper.make_graph(
        graph.nodes,
        "tracer",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 3, size_px, size_px])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, CHANNELS, cells, cells])],
        graph.weights,
    )
    made = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(made)
    data: bytes = made.SerializeToString(deterministic=True)
    return data


def _sequence(graph: _Graph, parts: nn.Sequential, x: str) -> str:
    if isinstance(parts[0], nn.Conv2d):
        return _normed(graph, parts, x)
    for part in parts:
        x = _block(graph, part, x) if isinstance(part, Block) else _sequence(graph, part, x)  # type: ignore[arg-type]
    return x


def _block(graph: _Graph, block: Block, x: str) -> str:
    inner = _normed(graph, block.second, _normed(graph, block.first, x))
    return graph.add("Relu", [_sum(graph, x, inner)])


def _normed(graph: _Graph, parts: nn.Sequential, x: str) -> str:
    """Write a convolution with its normalisation folded in, and its ReLU."""
    convolution, norm = parts[0], parts[1]
    if not isinstance(convolution, nn.Conv2d) or not isinstance(norm, nn.BatchNorm2d):
        raise TypeError(f"parts must begin with a convolution and its normalisation, got {parts}")
    if norm.running_var is None or norm.running_mean is None:
        raise TypeError("normalisation must keep its statistics, got none")
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = (convolution.weight * scale[:, None, None, None]).detach().numpy()
    bias = (norm.bias - norm.running_mean * scale).detach().numpy()
    name = _conv(graph, weight, bias, convolution.stride[0], x)
    return graph.add("Relu", [name]) if len(parts) == 3 else name


def _plain(graph: _Graph, convolution: nn.Conv2d, x: str) -> str:
    if convolution.bias is None:
        raise TypeError("convolution must have a bias, got none")
    return _conv(graph, convolution.weight.detach().numpy(), convolution.bias.detach().numpy(), 1, x)


def _conv(graph: _Graph, weight: Floats, bias: Floats, stride: int, x: str) -> str:
    side = weight.shape[-1]
    kernels = graph.add("Cast", [graph.constant(weight.astype(np.float16))], to=TensorProto.FLOAT)
    return graph.add(
        "Conv",
        [x, kernels, graph.constant(np.ascontiguousarray(bias))],
        kernel_shape=[side, side],
        strides=[stride, stride],
        pads=[side // 2] * 4,
    )


def _sum(graph: _Graph, a: str, b: str) -> str:
    return graph.add("Add", [a, b])


def _doubled(graph: _Graph, x: str) -> str:
    scales = graph.constant(np.array([1, 1, 2, 2], np.float32))
    return graph.add(
        "Resize", [x, "", scales], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
    )
