//! Batches: the runs that share a label, such as files that were dropped together. Reports their common problems, serves their
//! files as one archive, and records files that became no run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path as FilePath, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::labels::{labelled, labels_in, superseded};
use super::prelude::*;
use super::report::{ReportQuery, made, page_response};
use crate::base::files::{name_of, plain};
use crate::issues::Severity;
use crate::report::Options;
use crate::run::results::annotated::kept_copy;
use crate::run::results::report_of;
use crate::store::LeftOutFile;

pub fn routes() -> OpenApiRouter<Api> {
    routed([
        routes!(get_batch),
        routes!(write_left_out),
        routes!(download_batch),
        routes!(get_batch_report),
    ])
}

/// Names a batch by its workspace and label.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct BatchQuery {
    /// The id of the workspace.
    workspace: String,
    /// The label that the batch's runs share, as `key:value`.
    label: String,
}

/// The runs of a batch, and the files that became no run.
struct BatchRuns<'a> {
    workspace: OpenWorkspace<'a>,
    /// The runs, newest first. Of a file that was run again, only the newest run.
    runs: Vec<RunRecord>,
    /// The number of older runs that are not in `runs`.
    superseded: usize,
    left_out: Vec<LeftOutFile>,
}

impl BatchQuery {
    fn find<'a>(&self, api: &BlockingApi<'a>, caller: &Caller) -> ApiResult<BatchRuns<'a>> {
        let workspace = known_workspace(api, caller, &self.workspace)?;
        let labels = labels_in(std::slice::from_ref(&self.label))?;
        let mut runs = labelled(&workspace, labels)?;
        let earlier = superseded(&runs);
        runs.retain(|run| !earlier.contains(&run.id));
        let left_out = workspace.store.left_out(workspace.id(), &self.label)?;
        match runs.is_empty() && left_out.is_empty() {
            true => Err(ApiError::not_found("batch", &self.label)),
            false => Ok(BatchRuns {
                workspace,
                runs,
                superseded: earlier.len(),
                left_out,
            }),
        }
    }

    /// Returns only the runs that have ended, in the order in which they were queued, and fetches their files to this host.
    fn ended<'a>(&self, api: &BlockingApi<'a>, caller: &Caller) -> ApiResult<BatchRuns<'a>> {
        let mut found = self.find(api, caller)?;
        found.runs.retain(|run| run.completed_at.is_some());
        found.runs.reverse();
        for run in &found.runs {
            found.workspace.fetch_run(run)?;
        }
        match found.runs.is_empty() {
            true => Err(not_ready(format!(
                "none of the runs of {} has ended",
                self.label
            ))),
            false => Ok(found),
        }
    }
}

fn not_ready(message: String) -> ApiError {
    ApiError::from_code(code::OUTPUT_NOT_READY, message).hint("follow its runs until they end")
}

/// The common problems and results of a batch's runs.
#[derive(Serialize, ToSchema)]
struct BatchSummary {
    /// The label that the runs share.
    label: String,
    /// The number of runs. At most 1000 are looked at.
    runs: usize,
    /// The number of older runs of files that have been run again since.
    superseded: usize,
    /// The number of runs whose workbook still exists.
    outputs: usize,
    /// Fields that some runs found no column for, the most frequent first.
    fields_missing: Vec<MissingField>,
    /// Issues by rule: errors first, then those of the most cells.
    issues: Vec<RuleOfBatch>,
    /// The files that became no run, by name, each with the reason.
    left_out: Vec<LeftOutFile>,
}

/// A field that some runs found no column for.
#[derive(Serialize, ToSchema)]
struct MissingField {
    /// The name of the field.
    field: String,
    /// The ids of these runs.
    run_ids: Vec<String>,
}

/// A rule that cells of several files break.
#[derive(Serialize, ToSchema)]
struct RuleOfBatch {
    /// The severity of the rule's issues.
    severity: Severity,
    /// The name of the rule.
    rule: String,
    /// The number of issues of this rule.
    count: u64,
    /// The ids of the runs that have such issues.
    run_ids: Vec<String>,
}

/// Show the common problems of a batch's runs.
///
/// A batch is the runs that share a label, such as the files that were dropped into the console together. `GET /api/v1/runs`
/// with `label` lists them. If a file was run again, only its newest run counts here.
#[utoipa::path(get, path = "/api/v1/workspaces/{workspace}/batches/{label}",
    params(BatchQuery),
    responses((status = 200, body = BatchSummary))
)]
async fn get_batch(
    Reader(api, caller): Reader,
    Path(which): Path<BatchQuery>,
) -> JsonResult<BatchSummary> {
    api.slow_work(move |api| {
        let BatchRuns {
            workspace,
            runs,
            superseded,
            left_out,
        } = which.find(api, &caller)?;
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut rules: BTreeMap<(Severity, String), (u64, BTreeSet<String>)> = BTreeMap::new();
        for run in &runs {
            let Some(metrics) = run.metrics.as_ref().filter(|found| found.tables > 0) else {
                continue;
            };
            for field in &metrics.missing_fields {
                fields
                    .entry(field.clone())
                    .or_default()
                    .push(run.id.clone());
            }
            if metrics.issues == 0 {
                continue;
            }
            for issues in report_of(&workspace.store, run)?.noticed.issues {
                let known = rules.entry((issues.severity, issues.rule)).or_default();
                known.0 += issues.count;
                known.1.insert(run.id.clone());
            }
        }
        let mut fields_missing: Vec<_> = fields
            .into_iter()
            .map(|(field, run_ids)| MissingField { field, run_ids })
            .collect();
        fields_missing.sort_by_key(|field| std::cmp::Reverse(field.run_ids.len()));
        let mut issues: Vec<_> = rules
            .into_iter()
            .map(|((severity, rule), (count, run_ids))| RuleOfBatch {
                severity,
                rule,
                count,
                run_ids: run_ids.into_iter().collect(),
            })
            .collect();
        issues.sort_by_key(|rule| (rule.severity, std::cmp::Reverse(rule.count)));
        Ok(Json(BatchSummary {
            runs: runs.len(),
            superseded,
            outputs: runs.iter().filter_map(output_of).count(),
            label: which.label,
            fields_missing,
            issues,
            left_out,
        }))
    })
    .await
}

/// Files of a batch that become no run.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLeftOut {
    /// The files, each with the reason.
    #[schema(min_items = 1, max_items = 1000)]
    files: Vec<LeftOutFile>,
}

impl JsonBody for NewLeftOut {
    const ARRAYS: &'static [&'static str] = &["files"];
}

/// Record files of a batch that become no run, such as unreadable files.
///
/// The batch lists them, and so does `left-out.txt` in its archive. If a file is recorded again, its last reason counts.
#[utoipa::path(post, path = "/api/v1/workspaces/{workspace}/batches/{label}/left-out",
    params(BatchQuery),
    request_body = NewLeftOut,
    responses((status = 204, description = "They are recorded"))
)]
async fn write_left_out(
    Runner(api, caller): Runner,
    Path(which): Path<BatchQuery>,
    Json(NewLeftOut { files }): Json<NewLeftOut>,
) -> ApiResult<StatusCode> {
    let is_told = |text: &str| (1..=1000).contains(&text.chars().count());
    if !(1..=1000).contains(&files.len()) {
        return Err(ApiError::field("files", "must be from 1 to 1000"));
    }
    if !files
        .iter()
        .all(|file| is_told(&file.name) && is_told(&file.why))
    {
        let message = "must each have a name and a reason of 1 to 1000 characters";
        return Err(ApiError::field("files", message));
    }
    api.work(move |api| {
        let workspace = known_workspace(api, &caller, &which.workspace)?;
        labels_in(std::slice::from_ref(&which.label))?;
        let now = workspace.machine.now();
        (workspace.store).leave_out(workspace.id(), &which.label, &files, now)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn output_of(run: &RunRecord) -> Option<&PathBuf> {
    let path = run.output_path.as_ref();
    path.filter(|_| run.artifacts_deleted_at.is_none())
}

/// A part of a batch's files.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum BatchPart {
    /// The normalized workbooks of the runs.
    Outputs,
    /// The senders' own workbooks with their issues marked.
    Marked,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BatchFilesQuery {
    /// Only this part. If absent, both parts and the report.
    #[param(inline)]
    only: Option<BatchPart>,
}

/// Download the files of a batch as one archive.
///
/// The archive has the normalized workbooks in `outputs/`, the marked copies of files with issues in `marked/`, and
/// `report.html`. `left-out.txt` names the missing files, such as a file that cannot be marked or that became no run. Runs that
/// have not ended are left out.
#[utoipa::path(get, path = "/api/v1/workspaces/{workspace}/batches/{label}/archive",
    params(BatchQuery, BatchFilesQuery),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip"), (status = 206), (status = 409))
)]
async fn download_batch(
    Reader(api, caller): Reader,
    Path(which): Path<BatchQuery>,
    Query(BatchFilesQuery { only }): Query<BatchFilesQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let part = match only {
        Some(BatchPart::Outputs) => "-outputs",
        Some(BatchPart::Marked) => "-marked",
        None => "",
    };
    let name = format!("{}{part}.zip", plain(&which.label));
    let file = api.slow_work(move |api| {
        let BatchRuns {
            workspace,
            runs,
            left_out,
            ..
        } = which.ended(api, &caller)?;
        let unwritable = |error: io::Error| ApiError::internal(error.to_string());
        let mut archive = BatchArchive::new(tempfile::tempfile().map_err(unwritable)?);
        for run in &runs {
            archive.take(run, only).map_err(unwritable)?;
        }
        for LeftOutFile { name, why } in &left_out {
            archive.leave_out(name, why);
        }
        if only.is_none() {
            let (mut page, _) = made(
                &workspace,
                &runs,
                Options {
                    values: true,
                    language: None,
                },
            )?;
            archive.put("report.html", &mut page).map_err(unwritable)?;
        }
        archive.finish().map_err(unwritable)
    });
    download::serve_zip(file.await?, &name, &headers).await
}

/// The archive of a batch. Its entries are stored uncompressed, because workbooks are compressed already.
struct BatchArchive {
    zip: ZipWriter<File>,
    names: BTreeSet<String>,
    left_out: String,
}

impl BatchArchive {
    fn new(file: File) -> Self {
        Self {
            zip: ZipWriter::new(file),
            names: BTreeSet::new(),
            left_out: String::new(),
        }
    }

    /// Adds the files of a run, or records why they are missing.
    fn take(&mut self, run: &RunRecord, only: Option<BatchPart>) -> io::Result<()> {
        let Some(output) = output_of(run) else {
            let why = match run.artifacts_deleted_at {
                Some(_) => "its files were deleted".to_owned(),
                None if run.status == RunStatus::Failed => "its run failed".to_owned(),
                None => format!("its run was {}", run.status.as_str()),
            };
            self.leave_out(&run.input_name, &why);
            return Ok(());
        };
        if only != Some(BatchPart::Marked) {
            self.put_file("outputs", run, output)?;
        }
        let has_issues = run.metrics.as_ref().is_some_and(|found| found.issues > 0);
        if only == Some(BatchPart::Outputs) {
            return Ok(());
        }
        let missing = run.metrics.iter().flat_map(|found| &found.missing_fields);
        let missing: Vec<&str> = missing.map(String::as_str).collect();
        match has_issues.then(|| kept_copy(run)) {
            Some(Ok(copy)) => self.put_file("marked", run, &copy)?,
            Some(Err(error)) => self.leave_out(&run.input_name, &format!("not marked: {error}")),
            None if missing.is_empty() => {}
            None => {
                let why = format!(
                    "not marked, because it has no issues; fields not found: {}",
                    missing.join(", ")
                );
                self.leave_out(&run.input_name, &why);
            }
        }
        Ok(())
    }

    fn leave_out(&mut self, name: &str, why: &str) {
        self.left_out += &format!("{name}: {why}\r\n");
    }

    fn put_file(&mut self, folder: &str, run: &RunRecord, path: &FilePath) -> io::Result<()> {
        match File::open(path) {
            Ok(mut file) => self.put(&format!("{folder}/{}", name_of(path)), &mut file),
            Err(error) => {
                self.leave_out(&run.input_name, &format!("{}: {error}", name_of(path)));
                Ok(())
            }
        }
    }

    /// Adds a file. A second file of the same name gets a number.
    fn put(&mut self, name: &str, content: &mut dyn io::Read) -> io::Result<()> {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let numbered = (2..).map(|number| format!("{stem} ({number}).{extension}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        let name = names.find(|name| !self.names.contains(&name.to_lowercase()));
        let name = name.unwrap_or_default();
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(true);
        self.zip.start_file(&name, options)?;
        io::copy(content, &mut self.zip)?;
        self.names.insert(name.to_lowercase());
        Ok(())
    }

    fn finish(mut self) -> io::Result<File> {
        if !self.left_out.is_empty() {
            let left_out = std::mem::take(&mut self.left_out);
            self.put("left-out.txt", &mut left_out.as_bytes())?;
        }
        let mut file = self.zip.finish()?;
        file.flush()?;
        Ok(file)
    }
}

/// Read a page about the results of a batch's runs.
///
/// The page is one HTML file that needs no network, like the page of a run. Runs that have not ended are left out.
#[utoipa::path(get, path = "/api/v1/workspaces/{workspace}/batches/{label}/report",
    params(BatchQuery, ReportQuery),
    responses(
        (status = 200, description = "The page", content_type = "text/html", body = String, headers(("Content-Security-Policy" = String, description = "The page loads nothing and runs no scripts"))),
        (status = 409)
    )
)]
async fn get_batch_report(
    Reader(api, caller): Reader,
    Path(which): Path<BatchQuery>,
    Query(page): Query<ReportQuery>,
) -> ApiResult<Response> {
    let page = api.slow_work(move |api| {
        let BatchRuns {
            workspace, runs, ..
        } = which.ended(api, &caller)?;
        made(&workspace, &runs, page.options())
    });
    Ok(page_response(page.await?))
}
