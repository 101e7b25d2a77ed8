//! The issues of a run's input, at the sender's own cells: the list of issues, and the painted copy.

use super::named::{gone, not_ready};
use super::prelude::*;
use crate::base::files::name_of;
use crate::issues::{Issue, IssueFilter, IssueReader, ListedIssueCounts, Severity};
use crate::run::results::annotated::{AnnotateError, kept_copy};
use crate::run::results::issues::{NoList, issues_of};
use crate::run::results::report_of;

/// The default and maximum number of issues in a page.
const DEFAULT_PAGE_ISSUES: u32 = 100;
const MAX_PAGE_ISSUES: u32 = 1000;

pub fn routes() -> OpenApiRouter<Api> {
    routed([routes!(list_run_issues), routes!(download_annotated_input)])
}

/// The query for a page of a run's issues.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct IssuesQuery {
    /// Issues of this field, by its name or its label. May be repeated.
    field: Option<Vec<String>>,
    /// Issues of this rule, with or without its field: `hours.up_to_80`, `up_to_80`. May be repeated.
    rule: Option<Vec<String>>,
    /// Issues of this severity. May be repeated.
    #[param(inline)]
    severity: Option<Vec<Severity>>,
    /// Issues of this sheet of the sender. May be repeated.
    sheet: Option<Vec<String>>,
    /// The maximum number of issues, from 1 to 1000. A page of long values may have fewer.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page, with the same filters.
    #[param(min_length = 43, max_length = 43)]
    cursor: Option<String>,
}

/// A checked request for a page of issues.
#[derive(Debug)]
struct IssuesRequest {
    wanted: IssueFilter,
    limit: usize,
    cursor: Option<String>,
}

impl IssuesRequest {
    fn parse(which: IssuesQuery) -> ApiResult<Self> {
        Ok(Self {
            wanted: IssueFilter {
                fields: which.field.unwrap_or_default(),
                rules: which.rule.unwrap_or_default(),
                severities: which.severity.unwrap_or_default(),
                sheets: which.sheet.unwrap_or_default(),
            },
            limit: cursor::limit(which.limit, DEFAULT_PAGE_ISSUES, MAX_PAGE_ISSUES)?,
            cursor: which.cursor,
        })
    }
}

/// A page of issues.
#[derive(Serialize, ToSchema)]
struct IssuePage {
    /// The issues in the order of the sheets, their rows and columns.
    issues: Vec<Issue>,
    /// The numbers of all issues that match the filters. Null on all pages but the first.
    counts: Option<ListedIssueCounts>,
    next_cursor: Option<String>,
}

/// List the issues of a run's input, in the order of its sheets.
///
/// `counts` covers all issues that match the filters, and is only on the first page.
#[utoipa::path(get, path = "/api/v1/runs/{id}/issues",
    params(IssuesQuery),
    responses((status = 200, body = IssuePage), (status = 409), (status = 410))
)]
async fn list_run_issues(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    Query(which): Query<IssuesQuery>,
) -> JsonResult<IssuePage> {
    let asked = IssuesRequest::parse(which)?;
    api.slow_work(move |api| {
        let (workspace, run) = run_with_files(api, &caller, &id)?;
        page(&workspace, &run, &asked).map(Json)
    })
    .await
}

fn page(workspace: &Workspace, run: &RunRecord, asked: &IssuesRequest) -> ApiResult<IssuePage> {
    let mut list = list_of(run)?;
    let what = format!("issues {} {} {:?}", run.id, list.size(), asked.wanted);
    let counts = match &asked.cursor {
        Some(cursor) => {
            list.go_to(cursor::place_in(&what, cursor)?)?;
            None
        }
        None => Some(counts(workspace, run, &asked.wanted)?),
    };
    let page = list.page(&asked.wanted, asked.limit)?;
    Ok(IssuePage {
        issues: page.issues,
        counts,
        next_cursor: page.next.map(|place| cursor::sealed(&what, place)),
    })
}

/// Counts the issues that match the filters, all listed issues, and those of the run that the list has no room for.
fn counts(
    workspace: &Workspace,
    run: &RunRecord,
    wanted: &IssueFilter,
) -> ApiResult<ListedIssueCounts> {
    let mut counts = list_of(run)?.counts(wanted)?;
    let list = report_of(&workspace.store, run)?.noticed.issue_list;
    counts.unlisted = list.map_or(0, |list| list.unlisted);
    Ok(counts)
}

/// Opens the list of issues of a run.
pub(super) fn list_of(run: &RunRecord) -> ApiResult<IssueReader> {
    issues_of(run).map_err(no_list)
}

/// Converts the error about a missing list, in the words of other routes for files of a run.
fn no_list(error: NoList) -> ApiError {
    let detail = error.to_string();
    match error {
        NoList::NotEnded { .. } => not_ready(detail),
        NoList::Gone { .. } => gone(detail).hint("run the document again"),
        NoList::NoOutput { .. } => ApiError::from_code(code::NO_ISSUE_LIST, detail)
            .hint("the run's `error` says why it has no output"),
        other => other.into(),
    }
}

/// Download the marked copy: the sender's own workbook with the cells of issues marked.
///
/// The copy is made at the first request. For files other than `.xlsx` and `.xlsm`, it is a new workbook with the same cells.
#[utoipa::path(get, path = "/api/v1/runs/{id}/annotated",
    responses(
        (status = 200, content((Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/vnd.ms-excel.sheet.macroenabled.12"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.template"), (Vec<u8> = "application/vnd.ms-excel.template.macroenabled.12"))),
        (status = 206), (status = 409), (status = 410)
    )
)]
async fn download_annotated_input(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let path = api
        .slow_work(move |api| {
            let (_, run) = run_with_files(api, &caller, &id)?;
            kept_copy(&run).map_err(not_painted)
        })
        .await?;
    download::serve(&path, &name_of(&path), None, &headers).await
}

fn not_painted(error: AnnotateError) -> ApiError {
    if error.is_of_input() {
        return ApiError::from_code(code::CANNOT_BE_PAINTED, error.to_string());
    }
    match error {
        AnnotateError::NoList(error) => no_list(error),
        AnnotateError::InputGone { id, .. } => {
            let detail =
                format!("the input of run {id} was deleted or changed since the run read it");
            gone(detail).hint("run the document again")
        }
        other => other.into(),
    }
}
