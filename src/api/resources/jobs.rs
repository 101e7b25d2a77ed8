//! Jobs: another name for runs, for programs that do not use configurations.

use std::collections::BTreeMap;

use super::named::{RunDownload, left};
use super::new_run::{NewRun, NewRunOptions};
use super::prelude::*;
use super::runs::{WantedConfiguration, again, make};
use crate::store::Priority;
use crate::workspace::configurations::{parts_of_version_id, version_id};

pub fn routes() -> OpenApiRouter<Api> {
    routed([
        routes!(create_job),
        routes!(get_job),
        routes!(download_job_artifact),
        routes!(download_job_output),
        routes!(retry_job),
    ])
}

/// The request for a new job.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewJob {
    /// The id of the input document.
    document_id: String,
    /// The configuration. If absent, the default of the document's workspace.
    config_id: Option<String>,
    /// The `id` of a published version of the configuration, which may then be absent. If absent, the version that runs use.
    config_version_id: Option<String>,
    #[serde(default)]
    options: NewRunOptions,
    /// The sender's labels of the run, as in a run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
}

impl JsonBody for NewJob {
    const ARRAYS: &'static [&'static str] = NewRun::ARRAYS;
}

impl NewJob {
    fn wanted(&self) -> ApiResult<WantedConfiguration> {
        let given = self.config_id.clone();
        let Some(id) = &self.config_version_id else {
            return Ok(WantedConfiguration {
                id: given,
                version: None,
            });
        };
        let refused = |message: &str| ApiError::field("config_version_id", message);
        let (configuration, version) = parts_of_version_id(id)
            .ok_or_else(|| refused("is not the `id` of a configuration's version"))?;
        if given.is_some_and(|given| !given.eq_ignore_ascii_case(configuration)) {
            return Err(refused("is not a version of the configuration `config_id`"));
        }
        Ok(WantedConfiguration {
            id: Some(configuration.to_owned()),
            version: Some(version),
        })
    }
}

/// The status of a job. `success` is `succeeded` of the run; `error` is `failed` or `cancelled`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum JobStatus {
    /// The job waits in the queue.
    Queued,
    /// The job is being executed.
    Running,
    /// The job has succeeded.
    Success,
    /// The job failed or was cancelled; see the error.
    Error,
}

/// A job: a run under another name, with the same id.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Job {
    /// The id, a UUIDv7.
    id: String,
    status: JobStatus,
    document_id: Option<String>,
    config_id: String,
    /// The published version that the job uses. Null if it uses the files of a folder.
    config_version_id: Option<String>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    error: Option<JobError>,
}

/// The reason why a job ended in an error.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JobError {
    /// A stable word, explained in docs/reference/errors.md.
    code: String,
    message: String,
    hint: Option<String>,
}

impl Job {
    fn new(run: &RunRecord, paths: &Hider) -> Self {
        let error = match (&run.error, run.status) {
            (Some(error), _) => {
                let error = error.shown(&paths.about_configuration(&run.configuration_path));
                Some(JobError {
                    code: error.code,
                    message: error.message,
                    hint: error.hint,
                })
            }
            (None, RunStatus::Cancelled) => Some(JobError {
                code: code::CANCELLED.to_owned(),
                message: "the job was cancelled".to_owned(),
                hint: None,
            }),
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
            error,
        }
    }
}

fn answer(status: StatusCode, run: &RunRecord, paths: &Hider) -> Response {
    created(status, "jobs", Job::new(run, paths))
}

/// Submit a job for a document.
#[utoipa::path(post, path = "/api/v1/jobs",
    params(("Idempotency-Key" = inline(Option<String>), Header, nullable = false, description = "Repeating a request with the same key creates no second job; keys are kept for a day")),
    request_body = NewJob,
    responses(
        (status = 202, body = Job, headers(("Location" = String, description = "The job"))),
        (status = 200, description = "The job that this key already created", body = Job),
        (status = 404), (status = 409), (status = 410), (status = 429)
    )
)]
async fn create_job(
    Runner(api, caller): Runner,
    headers: HeaderMap,
    Json(new): Json<NewJob>,
) -> ApiResult<Response> {
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

/// Show a job by its id.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", responses((status = 200, body = Job)))]
async fn get_job(Reader(api, caller): Reader, Path(id): Path<String>) -> JsonResult<Job> {
    api.work(move |api| {
        let (_, run) = run_of(api, &caller, &id)?;
        Ok(Json(Job::new(&run, &api.paths)))
    })
    .await
}

/// Download a job's audit record.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/artifact",
    responses((status = 200, body = Object, content_type = "application/json"), (status = 206), (status = 409), (status = 410))
)]
async fn download_job_artifact(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    left(&api, &caller, id, RunDownload::Artifact, &headers).await
}

/// Download a job's normalized workbook.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/output",
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (status = 206), (status = 409), (status = 410)
    )
)]
async fn download_job_output(
    Reader(api, caller): Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    left(&api, &caller, id, RunDownload::Output, &headers).await
}

/// Repeat a job with the same input and the same files of the configuration.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry",
    params(("Idempotency-Key" = inline(Option<String>), Header, nullable = false, description = "Repeating a request with the same key creates no second job; keys are kept for a day")),
    responses(
        (status = 202, body = Job, headers(("Location" = String, description = "The new job"))),
        (status = 200, description = "The job that this key already created", body = Job),
        (status = 409), (status = 429)
    )
)]
async fn retry_job(
    Runner(api, caller): Runner,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let (run, is_new) = again(&api, &caller, id, &headers, false).await?;
    Ok(answer(
        status_of(is_new, StatusCode::ACCEPTED),
        &run,
        &api.paths,
    ))
}
