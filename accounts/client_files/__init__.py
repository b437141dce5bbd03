"""Clients from the files of other products: whose column means what, who is new, who is known, what is wrong.

`tables` and `vcards` read bytes, `headings` guesses what a column holds, `entries` makes people of lines.
Nothing in this package writes but `saving`.
"""
