"""Pages for citizens. A job may have several pages (a password and its code, a sign-up), which lead to each other.

What comes after a job no page decides: it returns to the interaction.
"""
