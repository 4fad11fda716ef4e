"""Our own attacks on the sandbox, run against this installation: each with what it must not achieve, checked outside.

Hostile by purpose, harmless by measure: every attack is bounded, and aims at canaries that `outside.py` puts up for it.
"""

from sanca.python_runtime.sandbox.isolation.corpus import PROBES
from sanca.python_runtime.sandbox.isolation.probe import Evidence, Probe
from sanca.python_runtime.sandbox.isolation.runner import Arena, Outcome, run_probes

__all__ = ["PROBES", "Arena", "Evidence", "Outcome", "Probe", "run_probes"]
