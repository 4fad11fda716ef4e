"""Task sets of others, run as real actions through sandbox and gate, and graded by the sets' own checkers.

`suite` says what a set is, `served` registers its tools in the broker's process, `runner` runs its tasks, `results`
keeps and tells how they ended; every other module is one set. What a set needs is imported when it is asked for.
"""
