"""What this organisation's spreadsheets mean, for ADE."""
