//! Batches: the runs that share a label, such as files that were dropped together. What is wrong with all of them, and what they
//! left, as one; and the files that became no run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path as FilePath, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::labels::{labelled, labels_in, superseded};
use super::prelude::*;
use super::report::{WhichReport, made, page_response};
use crate::base::files::{name_of, plain};
use crate::issues::Severity;
use crate::report::Options;
use crate::run::results::annotated::kept_copy;
use crate::run::results::report_of;
use crate::store::LeftOut;

pub fn routes() -> OpenApiRouter<Api> {
    routed([
        routes!(get_batch),
        routes!(write_left_out),
        routes!(download_batch),
        routes!(get_batch_report),
    ])
}

/// Which batch.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Which {
    /// The workspace.
    workspace: String,
    /// The label that its runs share, as `key:value`.
    label: String,
}

/// What a batch has.
struct Found<'a> {
    workspace: Opened<'a>,
    /// Its runs, the newest first; of a file that was run again the newest alone.
    runs: Vec<RunRecord>,
    /// How many more there are.
    superseded: usize,
    left_out: Vec<LeftOut>,
}

impl Which {
    fn find<'a>(&self, api: &Blocking<'a>, caller: &Caller) -> Answer<Found<'a>> {
        let workspace = known_workspace(api, caller, &self.workspace)?;
        let labels = labels_in(std::slice::from_ref(&self.label))?;
        let mut runs = labelled(&workspace, labels)?;
        let earlier = superseded(&runs);
        runs.retain(|run| !earlier.contains(&run.id));
        let left_out = workspace.store.left_out(workspace.id(), &self.label)?;
        match runs.is_empty() && left_out.is_empty() {
            true => Err(ApiError::not_found("batch", &self.label)),
            false => Ok(Found {
                workspace,
                runs,
                superseded: earlier.len(),
                left_out,
            }),
        }
    }

    /// The same with those of its runs that have ended, with their files here, in the order in which they were queued.
    fn ended<'a>(&self, api: &Blocking<'a>, caller: &Caller) -> Answer<Found<'a>> {
        let mut found = self.find(api, caller)?;
        found.runs.retain(|run| run.completed_at.is_some());
        found.runs.reverse();
        for run in &found.runs {
            found.workspace.fetch_run(run)?;
        }
        match found.runs.is_empty() {
            true => Err(not_ready(format!("no run of {} has ended", self.label))),
            false => Ok(found),
        }
    }
}

fn not_ready(message: String) -> ApiError {
    ApiError::of(code::OUTPUT_NOT_READY, message).hint("follow its runs until they end")
}

/// What the runs of a batch have in common.
#[derive(Serialize, ToSchema)]
struct Batch {
    /// The label.
    label: String,
    /// How many runs it has; at most 1000 are looked at.
    runs: usize,
    /// How many more there are of files that have run again since.
    superseded: usize,
    /// How many of them left a workbook that is there still.
    outputs: usize,
    /// Fields that some runs found no column for, those of the most runs first.
    fields_missing: Vec<MissingField>,
    /// Issues by rule, errors first, then those of the most cells.
    issues: Vec<RuleOfBatch>,
    /// The files that became no run, and why, by their names.
    left_out: Vec<LeftOut>,
}

/// A field that runs found no column for.
#[derive(Serialize, ToSchema)]
struct MissingField {
    /// Its name.
    field: String,
    /// Those runs.
    run_ids: Vec<String>,
}

/// A rule that cells of several files break.
#[derive(Serialize, ToSchema)]
struct RuleOfBatch {
    /// How bad it is.
    severity: Severity,
    /// Its name.
    rule: String,
    /// How many issues there are.
    count: u64,
    /// The runs that have them.
    run_ids: Vec<String>,
}

/// Say what the runs of a batch have in common.
///
/// A batch is the runs that share a label, such as the files that were dropped into the console together. `GET /api/v1/runs` with
/// `label` lists them one by one. Of a file that was run again the newest run counts here.
#[utoipa::path(get, path = "/api/v1/workspaces/{workspace}/batches/{label}",
    params(Which),
    responses((status = 200, body = Batch))
)]
async fn get_batch(Reader(api, caller): Reader, Path(which): Path<Which>) -> JsonAnswer<Batch> {
    api.slow_work(move |api| {
        let Found {
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
        fields_missing.sort_by_key(|one| std::cmp::Reverse(one.run_ids.len()));
        let mut issues: Vec<_> = rules
            .into_iter()
            .map(|((severity, rule), (count, run_ids))| RuleOfBatch {
                severity,
                rule,
                count,
                run_ids: run_ids.into_iter().collect(),
            })
            .collect();
        issues.sort_by_key(|one| (one.severity, std::cmp::Reverse(one.count)));
        Ok(Json(Batch {
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
    /// Which, and why.
    #[schema(min_items = 1, max_items = 1000)]
    files: Vec<LeftOut>,
}

impl JsonBody for NewLeftOut {
    const ARRAYS: &'static [&'static str] = &["files"];
}

/// Name files of a batch that become no run, such as those that cannot be read.
///
/// The batch tells of them, and so does `left-out.txt` in its archive. Of one that is named again the last reason stays.
#[utoipa::path(post, path = "/api/v1/workspaces/{workspace}/batches/{label}/left-out",
    params(Which),
    request_body = NewLeftOut,
    responses((status = 204, description = "They are recorded"))
)]
async fn write_left_out(
    Runner(api, caller): Runner,
    Path(which): Path<Which>,
    Json(NewLeftOut { files }): Json<NewLeftOut>,
) -> Answer<StatusCode> {
    let is_told = |text: &str| (1..=1000).contains(&text.chars().count());
    if !(1..=1000).contains(&files.len()) {
        return Err(ApiError::field("files", "must be from 1 to 1000"));
    }
    if !files
        .iter()
        .all(|one| is_told(&one.name) && is_told(&one.why))
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

/// Which files of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Part {
    /// The normalized workbooks.
    Outputs,
    /// The senders' own workbooks with their issues marked.
    Marked,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhichFiles {
    /// Only these; absent: both, and the report.
    #[param(inline)]
    only: Option<Part>,
}

/// Download the files of a batch as one archive.
///
/// It has the normalized workbooks below `outputs/`, the marked copies of files with issues below `marked/`, and `report.html`. What
/// cannot be there, such as the copy of a file that cannot be marked, or a file that became no run, is named in `left-out.txt`. Runs that have not ended are left out.
#[utoipa::path(get, path = "/api/v1/workspaces/{workspace}/batches/{label}/archive",
    params(Which, WhichFiles),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip"), (status = 206), (status = 409))
)]
async fn download_batch(
    Reader(api, caller): Reader,
    Path(which): Path<Which>,
    Query(WhichFiles { only }): Query<WhichFiles>,
    headers: HeaderMap,
) -> Answer<Response> {
    let part = match only {
        Some(Part::Outputs) => "-outputs",
        Some(Part::Marked) => "-marked",
        None => "",
    };
    let name = format!("{}{part}.zip", plain(&which.label));
    let file = api.slow_work(move |api| {
        let Found {
            workspace,
            runs,
            left_out,
            ..
        } = which.ended(api, &caller)?;
        let unwritable = |error: io::Error| ApiError::internal(error.to_string());
        let mut archive = Archive::new(tempfile::tempfile().map_err(unwritable)?);
        for run in &runs {
            archive.take(run, only).map_err(unwritable)?;
        }
        for LeftOut { name, why } in &left_out {
            archive.leave_out(name, why);
        }
        if only.is_none() {
            let (mut page, _) = made(&workspace, &runs, Options { values: true })?;
            archive.put("report.html", &mut page).map_err(unwritable)?;
        }
        archive.finish().map_err(unwritable)
    });
    download::serve_zip(file.await?, &name, &headers).await
}

/// The archive that is made: workbooks are compressed already.
struct Archive {
    zip: ZipWriter<File>,
    names: BTreeSet<String>,
    left_out: String,
}

impl Archive {
    fn new(file: File) -> Self {
        Self {
            zip: ZipWriter::new(file),
            names: BTreeSet::new(),
            left_out: String::new(),
        }
    }

    /// Takes in what a run left.
    fn take(&mut self, run: &RunRecord, only: Option<Part>) -> io::Result<()> {
        let Some(output) = output_of(run) else {
            let why = match run.artifacts_deleted_at {
                Some(_) => "its files were collected".to_owned(),
                None if run.status == RunStatus::Failed => "its run failed".to_owned(),
                None => format!("its run was {}", run.status.as_str()),
            };
            self.leave_out(&run.input_name, &why);
            return Ok(());
        };
        if only != Some(Part::Marked) {
            self.put_file("outputs", run, output)?;
        }
        let has_issues = run.metrics.as_ref().is_some_and(|found| found.issues > 0);
        if only == Some(Part::Outputs) {
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
                    "not marked, it has no issues; not found: {}",
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

    /// Puts in a file; a second one of the same name gets a number.
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

/// Read a page of what the runs of a batch found.
///
/// One HTML file that needs no network, as that of a run. Runs that have not ended are left out.
#[utoipa::path(get, path = "/api/v1/workspaces/{workspace}/batches/{label}/report",
    params(Which, WhichReport),
    responses(
        (status = 200, description = "The page", content_type = "text/html", body = String, headers(("Content-Security-Policy" = String, description = "Nothing is loaded and nothing is run"))),
        (status = 409)
    )
)]
async fn get_batch_report(
    Reader(api, caller): Reader,
    Path(which): Path<Which>,
    Query(page): Query<WhichReport>,
) -> Answer<Response> {
    let page = api.slow_work(move |api| {
        let Found {
            workspace, runs, ..
        } = which.ended(api, &caller)?;
        made(&workspace, &runs, page.options())
    });
    Ok(page_response(page.await?))
}
