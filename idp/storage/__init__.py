"""Where state lives: SQL for what must last, the short-lived stores for the rest."""
