"""The output can be printed: in landscape, as wide as the paper, with the header on each page."""


def for_paper(output_workbook):
    """A hook can do to the output whatever openpyxl can do to a workbook."""
    for sheet in output_workbook.worksheets:
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.print_title_rows = "1:1"


def register(registry):
    registry.register_hook(for_paper, hook="on_workbook_before_save", priority=10)
