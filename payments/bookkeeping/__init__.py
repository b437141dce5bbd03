"""What goes to a bookkeeper: each movement of money in the words of its day, and files of them, noted in the audit.

Of the app's other modules it knows `taxes` alone, and reads rows by SQL of its own. Files leave by `exports`.
"""
