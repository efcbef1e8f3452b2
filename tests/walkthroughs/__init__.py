"""Sheets of training by hand, as people lay them out in public: right ones in many layouts, and mistakes planted in them.

Nothing here imports the project: the formulas, their evaluation and the files are made independently of what is tested.
"""
