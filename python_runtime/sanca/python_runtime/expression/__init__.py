"""What a run shows besides text: cards its values ask for, commands to the page, evidence.

Modules are imported by their own names: some load what the others never need.
"""
