"""The five zones of a round, in their order."""

from sanca.python_runtime.zones.cognitive import Cognitive
from sanca.python_runtime.zones.expression import Expression
from sanca.python_runtime.zones.motor import Motor
from sanca.python_runtime.zones.perception import Perception
from sanca.python_runtime.zones.self_check import SelfCheck

__all__ = ["Cognitive", "Expression", "Motor", "Perception", "SelfCheck"]
