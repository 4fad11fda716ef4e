"""Checks actions before they run: against the toolkits' stubs and the names of earlier rounds. Runs nothing."""

from sanca.python_runtime.action_check.ports import ActionChecker, CheckReport, Finding
from sanca.python_runtime.action_check.telling import facts_of, tell_remarks, tell_stops
from sanca.python_runtime.action_check.ty_checker import TyChecker

__all__ = ["ActionChecker", "CheckReport", "Finding", "TyChecker", "facts_of", "tell_remarks", "tell_stops"]
