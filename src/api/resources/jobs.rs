//! Jobs: other names for runs, for programs that know no configurations.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::named::{Left, left, run_of};
use super::new_run::{NewRun, NewRunOptions};
use super::runs::{WantedConfiguration, again, make};
use crate::api::access::caller::{Reader, Runner};
use crate::api::http::answer::{Answer, JsonAnswer, created, status_of};
use crate::api::http::body::{Json, JsonBody, Path};
use crate::api::http::problem::ApiError;
use crate::api::state::Api;
use crate::base::clock::Timestamp;
use crate::base::hide_paths::Hider;
use crate::base::problem::code;
use crate::store::{Priority, RunRecord, RunStatus};
use crate::workspace::configurations::{parts_of_version_id, version_id};

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(show))
        .routes(routes!(artifact))
        .routes(routes!(output))
        .routes(routes!(retry))
}

/// A job to be made.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewJob {
    /// The document that is its input.
    document_id: String,
    /// The configuration; absent: the default of the document's workspace.
    config_id: Option<String>,
    /// The `id` of a published version of the configuration, which need not be named then; absent: the version that runs use.
    config_version_id: Option<String>,
    #[serde(default)]
    options: NewRunOptions,
    /// What the sender calls the run by, as in a run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
}

impl JsonBody for NewJob {
    const ARRAYS: &'static [&'static str] = NewRun::ARRAYS;
}

impl NewJob {
    fn wanted(&self) -> Result<WantedConfiguration, ApiError> {
        let given = self.config_id.clone();
        let Some(id) = &self.config_version_id else {
            return Ok(WantedConfiguration {
                id: given,
                version: None,
            });
        };
        let refused = |message: &str| ApiError::field("config_version_id", message);
        let (configuration, version) = parts_of_version_id(id)
            .ok_or_else(|| refused("is no `id` of a configuration's version"))?;
        if given.is_some_and(|given| !given.eq_ignore_ascii_case(configuration)) {
            return Err(refused(
                "is a version of another configuration than `config_id`",
            ));
        }
        Ok(WantedConfiguration {
            id: Some(configuration.to_owned()),
            version: Some(version),
        })
    }
}

/// The status of a job. A run, which is the same, says `succeeded` for `success`, and `failed` or `cancelled` for `error`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum JobStatus {
    /// It waits.
    Queued,
    /// It is being done.
    Running,
    /// It succeeded.
    Success,
    /// It failed, or was cancelled; the error says which.
    Error,
}

/// A job: a run under another name, with the same id.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Job {
    /// UUIDv7.
    id: String,
    status: JobStatus,
    #[schema(required)]
    document_id: Option<String>,
    config_id: String,
    /// The published version that it uses; null: the files of a folder, as they were.
    #[schema(required)]
    config_version_id: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(required, value_type = Option<String>, format = DateTime)]
    completed_at: Option<Timestamp>,
    #[schema(required)]
    error: Option<JobError>,
}

/// Why a job ended in error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JobError {
    /// A stable word, explained in docs/reference/errors.md.
    code: String,
    message: String,
    #[schema(required)]
    hint: Option<String>,
}

impl Job {
    fn of(run: &RunRecord, paths: &Hider) -> Self {
        let error = match (&run.error, run.status) {
            (Some(error), _) => {
                let error = error.shown(&paths.about_configuration(&run.configuration_path));
                Some((error.code, error.message, error.hint))
            }
            (None, RunStatus::Cancelled) => Some((
                code::CANCELLED.to_owned(),
                "the job was cancelled".to_owned(),
                None,
            )),
            (None, _) => None,
        };
        Self {
            id: run.id.clone(),
            status: match run.status {
                RunStatus::Queued => JobStatus::Queued,
                RunStatus::Running => JobStatus::Running,
                RunStatus::Succeeded => JobStatus::Success,
                RunStatus::Failed | RunStatus::Cancelled => JobStatus::Error,
            },
            document_id: run.document_id.clone(),
            config_id: run.key.configuration_id.clone(),
            config_version_id: (run.options.configuration_version)
                .map(|version| version_id(&run.key.configuration_id, version)),
            created_at: run.created_at,
            started_at: run.started_at,
            completed_at: run.completed_at,
            error: error.map(|(code, message, hint)| JobError {
                code,
                message,
                hint,
            }),
        }
    }
}

fn answer(status: StatusCode, run: &RunRecord, paths: &Hider) -> Response {
    created(status, "jobs", Job::of(run, paths))
}

/// Submit a job.
#[utoipa::path(post, path = "/api/v1/jobs", operation_id = "create_job", tag = "jobs",
    params(("Idempotency-Key" = inline(Option<String>), Header, nullable = false, description = "The same key with the same request makes one job, however often it is sent; kept for a day")),
    request_body = NewJob,
    responses(
        (status = 202, body = Job, headers(("Location" = String, description = "The job"))),
        (status = 200, description = "The job of the same key", body = Job),
        (status = 404), (status = 409), (status = 410), (status = 429),
    )
)]
async fn create(
    Runner(api, caller): Runner,
    headers: HeaderMap,
    Json(new): Json<NewJob>,
) -> Answer<Response> {
    let wanted = new.wanted()?;
    let run = NewRun {
        document_id: new.document_id,
        stream: false,
        options: new.options,
        priority: Priority::default(),
        labels: new.labels,
    };
    let made = make(&api, &caller, wanted, &headers, run).await?;
    Ok(answer(
        status_of(made.is_new, StatusCode::ACCEPTED),
        &made.run,
        &api.paths,
    ))
}

/// Show a job.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", operation_id = "get_job", tag = "jobs", params(("id" = String, Path, description = "The job")), responses(
    (status = 200, body = Job),
))]
async fn show(Reader(api, caller): Reader, Path(id): Path<String>) -> JsonAnswer<Job> {
    api.work(move |api| {
        let (_, run) = run_of(api, &caller, &id)?;
        Ok(axum::Json(Job::of(&run, &api.paths)))
    })
    .await
}

/// Download the audit record.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/artifact", operation_id = "download_job_artifact", tag = "jobs", params(("id" = String, Path, description = "The job")), responses(
    (status = 200, body = Object, content_type = "application/json"),
    (status = 206, description = "The part that was asked for"),
    (status = 304, description = "The client has it"),
    (status = 409), (status = 410), (status = 416),
))]
async fn artifact(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    left(&api, &caller, id, Left::Artifact, &headers).await
}

/// Download the normalized workbook.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/output", operation_id = "download_job_output", tag = "jobs", params(("id" = String, Path, description = "The job")), responses(
    (status = 200, body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (status = 206, description = "The part that was asked for"),
    (status = 304, description = "The client has it"),
    (status = 409), (status = 410), (status = 416),
))]
async fn output(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    left(&api, &caller, id, Left::Output, &headers).await
}

/// Do a job again, with the same input and the same files of the configuration.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry", operation_id = "retry_job", tag = "jobs",
    params(("id" = String, Path, description = "The job"),
        ("Idempotency-Key" = inline(Option<String>), Header, nullable = false, description = "The same key makes one job, however often it is sent; kept for a day")),
    responses(
    (status = 202, body = Job, headers(("Location" = String, description = "The new job"))),
    (status = 200, description = "The job of the same key", body = Job),
    (status = 409), (status = 429),
))]
async fn retry(
    Runner(api, caller): Runner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let (run, is_new) = again(&api, &caller, id, &headers).await?;
    Ok(answer(
        status_of(is_new, StatusCode::ACCEPTED),
        &run,
        &api.paths,
    ))
}
