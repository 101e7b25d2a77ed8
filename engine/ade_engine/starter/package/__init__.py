"""How ADE reads this organisation's spreadsheets."""
