"""All attacks, in the order of the report."""

from __future__ import annotations

from sanca.python_runtime.sandbox.isolation import (
    disk_probes,
    endless_probes,
    exhaustion_probes,
    file_probes,
    forging_probes,
    kernel_probes,
    leftover_probes,
    network_probes,
    process_probes,
    secret_probes,
    value_probes,
)

PROBES = (
    *secret_probes.PROBES,
    *network_probes.PROBES,
    *process_probes.PROBES,
    *forging_probes.PROBES,
    *exhaustion_probes.PROBES,
    *disk_probes.PROBES,
    *leftover_probes.PROBES,
    *value_probes.PROBES,
    *file_probes.PROBES,
    *kernel_probes.PROBES,
    *endless_probes.PROBES,
)
