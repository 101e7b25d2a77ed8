//! Fixes configurations with the help of files: adds unknown headers of a run's file to fields, like `ade fix`, and infers a
//! draft from samples, like `ade init --from`.

use std::mem;

use super::checks::{at_hand, demand_no_safe_mode, ready};
use super::configurations::ConfigurationPath;
use super::drafts::{about_path, folders, meant};
use super::prelude::*;
use crate::base::cancel::Cancel;
use crate::base::problem::{Error, Problem};
use crate::checks::fix::{self, ColumnOfField, FixCandidates, ManualEdit};
use crate::checks::infer::{
    InferenceSession, InferredConfiguration, QuestionAnswer, WishedFields, same_headers,
};
use crate::configuration::scaffold;
use crate::workspace::configurations::draft::{self, DraftContent};
use crate::workspace::configurations::{Precondition, publish};

/// The maximum number of samples for one draft.
const MAX_SAMPLES: usize = 100;

pub fn routes() -> OpenApiRouter<Api> {
    named([routes!(fix_config), routes!(infer_config)])
}

/// The request for a fix: a run, and the headers that are accepted.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct NewFix {
    /// The run whose file is looked at. It may have used any configuration.
    #[schema(required)]
    run_id: String,
    /// The columns that belong to fields. If absent, nothing changes, and the response has suggestions.
    accept: Vec<ColumnOfField>,
    /// Write the accepted headers. If false, they are only shown.
    write: bool,
    /// Accept the headers for the sender of this file alone: the table of its files in `settings.toml` gets them.
    for_sender: bool,
}

impl JsonBody for NewFix {
    const ARRAYS: &'static [&'static str] = &["accept"];
}

/// The possible fixes, and the fixes that were made.
#[derive(Serialize, ToSchema)]
struct Fix {
    #[serde(flatten)]
    found: FixCandidates,
    /// The files with the accepted headers.
    edits: Vec<FixedFile>,
    /// Accepted headers that cannot be written and must be pasted by a person.
    pastes: Vec<ManualEdit>,
    /// True if the files were written.
    written: bool,
}

/// A file with added headers.
#[derive(Serialize, ToSchema)]
struct FixedFile {
    /// The path in the configuration.
    path: String,
    /// The changes of the file as a patch.
    diff: String,
}

/// Add the headers of a run's file to fields: in the draft, or in the folder under `ade dev`.
///
/// This is the request of `ade fix`. The response has the columns that no field claimed, the fields without a column, and pairs
/// that may belong together, those with a reason first. Accepted pairs are returned as a patch. With `write` they are also
/// written, unless somebody has changed the file meanwhile. The status is 409 `config_invalid` or 409 `environment_not_ready`
/// as for a trial.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/fix",
    request_body = NewFix,
    responses((status = 200, body = Fix), (status = 409), (status = 412))
)]
async fn fix_config(
    Administrator(api, caller): Administrator,
    which: ConfigurationPath,
    MaybeJson(new): MaybeJson<NewFix>,
) -> JsonResult<Fix> {
    if new.run_id.is_empty() {
        return Err(ApiError::field(
            "run_id",
            "is needed: it names the run whose file is examined",
        ));
    }
    api.engine_work(move |api, cancel| {
        let (workspace, known) = which.find(api, &caller)?;
        let about = api.paths.about_configuration(&known.record.path);
        let mended = mended(api, &caller, (&*workspace, &known), &new, cancel);
        mended.map(Json).map_err(|error| error.shown(&about))
    })
    .await
}

fn mended(
    api: &BlockingApi<'_>,
    caller: &Caller,
    (workspace, known): (&Workspace, &KnownConfiguration),
    new: &NewFix,
    cancel: &Cancel,
) -> ApiResult<Fix> {
    let (_, run) = run_of(api, caller, &new.run_id)?;
    if run.key.workspace_id != known.record.workspace_id {
        return Err(ApiError::not_found("run", &new.run_id));
    }
    workspace.fetch_run(&run)?;
    let frozen = publish::freeze(workspace, known, &Precondition::Unsaid)?;
    let (prepared, environment) = at_hand(workspace, known, &frozen)?;
    let found = fix::suggest(workspace, &prepared, &environment, &run, cancel)?;
    let accepted = new.accept.iter();
    let accepted: Vec<(String, String)> = accepted
        .map(|pair| (pair.field.clone(), pair.header.clone()))
        .collect();
    let refused = |error: Error| {
        ApiError::field("accept", error.to_string()).hint(error.facts().hint.unwrap_or_default())
    };
    let accepted = found
        .demand_known(&accepted, new.for_sender)
        .map_err(refused)?;
    let (edits, pastes) = match accepted.is_empty() {
        true => (Vec::new(), Vec::new()),
        false => fix::edits(
            workspace,
            &prepared,
            &environment,
            (
                &found,
                &accepted,
                new.for_sender.then_some(&*run.input_name),
            ),
            cancel,
        )?,
    };
    if new.write {
        for edit in &edits {
            let written = fix::write_into(workspace, (known, folders(api)), edit);
            written.map_err(about_path)?;
        }
    }
    let edits = edits.into_iter().map(|edit| FixedFile {
        path: edit.path(known),
        diff: edit.diff,
    });
    let edits: Vec<FixedFile> = edits.collect();
    Ok(Fix {
        found,
        written: new.write && !edits.is_empty(),
        edits,
        pastes,
    })
}

/// The request for a draft that is inferred from samples.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct NewInference {
    /// The documents: those of one month, from one sender or from all. At most 100.
    #[schema(required, min_items = 1, max_items = 100)]
    document_ids: Vec<String>,
    /// The wished columns. If absent, those of the samples.
    fields: Vec<String>,
    /// Pairs of headers that belong to one field.
    same: Vec<SameHeaders>,
    /// The answers to the questions that the same samples raised without answers.
    answers: Vec<QuestionAnswer>,
}

impl JsonBody for NewInference {
    const ARRAYS: &'static [&'static str] = &[
        "document_ids",
        "fields",
        "same",
        "answers",
        "answers[].right",
    ];
}

/// Two headers that belong to one field.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SameHeaders {
    /// The first of the two headers.
    one: String,
    /// The second of the two headers.
    other: String,
}

/// Infer the draft of a configuration from samples.
///
/// This is the request of `ade init --from`: columns become fields with readers and checks, habits of senders become settings,
/// and each sample becomes a case. The files replace those of the draft. If the draft has files, the request must name them, as
/// for `PUT …/draft`. The questions are about facts that the samples do not show; if the request is repeated with answers, the
/// draft is inferred anew.
///
/// The status is 409 `environment_not_ready` as for a check.
#[utoipa::path(post, path = "/api/v1/configs/{config_id}/infer",
    params(("If-Match" = inline(Option<String>), Header, nullable = false, description = "The ETag of the replaced list of files, or `*` for any state")),
    request_body = NewInference,
    responses((status = 200, body = InferredConfiguration), (status = 409), (status = 412), (status = 428))
)]
async fn infer_config(
    Administrator(api, caller): Administrator,
    which: ConfigurationPath,
    headers: HeaderMap,
    MaybeJson(new): MaybeJson<NewInference>,
) -> JsonResult<InferredConfiguration> {
    let precondition = meant(&headers)?;
    if !(1..=MAX_SAMPLES).contains(&new.document_ids.len()) {
        let message = format!("must be 1 to {MAX_SAMPLES}");
        return Err(ApiError::field("document_ids", message));
    }
    api.engine_work(move |api, cancel| {
        let (workspace, known) = which.find(api, &caller)?;
        let about = api.paths.about_configuration(&known.record.path);
        let of = (&*workspace, &known);
        let inferred = inferred(api, &caller, of, new, &precondition, cancel);
        inferred.map(Json).map_err(|error| error.shown(&about))
    })
    .await
}

fn inferred(
    api: &BlockingApi<'_>,
    caller: &Caller,
    (workspace, known): (&Workspace, &KnownConfiguration),
    new: NewInference,
    precondition: &Precondition,
    cancel: &Cancel,
) -> ApiResult<InferredConfiguration> {
    draft::demand_uploaded(known)?;
    demand_no_safe_mode(workspace)?;
    let sample = |id: &String| {
        let document = document_of(api, caller, id)?;
        if document.workspace_id != known.record.workspace_id || document.deleted_at.is_some() {
            return Err(ApiError::not_found("document", id));
        }
        workspace.fetch_file(&document.path)?;
        Ok(document.path)
    };
    let samples: ApiResult<Vec<_>> = new.document_ids.iter().map(sample).collect();
    let name = scaffold::project_name(&known.record.name);
    let inference = InferenceSession::from_record(workspace, known.record.clone(), &name);
    let empty = inference.without_fields()?;
    let environment = ready(workspace, &empty)?;
    let wished = (!new.fields.is_empty()).then_some(WishedFields::Names(new.fields));
    let same = new.same.iter();
    let same = same.map(|SameHeaders { one, other }| same_headers(one, other));
    let mut answers = new.answers;
    let said = (same.collect(), |_: &[_]| mem::take(&mut answers));
    let engine = (&empty, &environment);
    let (inferred, files) = inference.infer(engine, &samples?, wished.as_ref(), said, cancel)?;
    draft::replace(workspace, known, DraftContent::Files(files), precondition)?;
    Ok(inferred)
}
