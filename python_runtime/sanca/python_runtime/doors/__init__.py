"""How others come in: one HTTP server with the doors A2A, MCP and AG-UI, who may use them, and the engine behind them.

Loaded only when a door is wanted. The contract is docs/reference/doors.md.
"""
