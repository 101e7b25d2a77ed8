"""The normalized workbook: ``workbook`` collects and saves it, ``table`` prepares each frame for the native writer."""
