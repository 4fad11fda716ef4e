"""The sandbox in a container a session: docker, podman or runsc, by their command lines. No library of theirs."""

from sanca.python_runtime.sandbox.container.sandbox import ContainerSandbox

__all__ = ["ContainerSandbox"]
