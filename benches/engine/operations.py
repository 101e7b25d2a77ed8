"""Changes to sheets for benches/hooks.rs: made by hooks of ADE, and on ordinary openpyxl objects."""

from openpyxl.styles import Font, PatternFill

BOLD = Font(bold=True)
YELLOW = PatternFill("solid", fgColor="00FFFF00")


def read_all(sheet):
    for row in sheet.iter_rows():
        for cell in row:
            cell.value


def style_all(sheet):
    for row in sheet.iter_rows():
        for cell in row:
            cell.font = BOLD
            cell.fill = YELLOW


def read_styles_of_all(sheet):
    for row in sheet.iter_rows():
        for cell in row:
            cell.number_format, cell.font.b


def change_a_column(sheet):
    for row in sheet.iter_rows(min_row=2):
        row[1].value = str(row[1].value).upper()


def insert_rows(sheet):
    sheet.insert_rows(1, 2)


def delete_a_row(sheet):
    sheet.delete_rows(5)


def insert_a_column(sheet):
    sheet.insert_cols(3)


def source_number_formats(sheet):
    for row in sheet.iter_rows():
        for cell in row:
            cell.number_format, cell.is_date
