//! `ade dev`: API, pages and worker in one command.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ade::api::ServeOptions;
use ade::api::access::tokens;
use ade::api::access::tokens::NewToken;
use ade::api::server::Listening;
use ade::base::files::FileError;
use ade::checks::dev::{News, watch};
use ade::settings::LogLevel;
use ade::settings::paths::Paths;
use ade::store::{self, Opening, Scope};
use ade::worker;
use ade::workspace::Workspace;
use ade::workspace::identity;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::serving::{self, Serving};
use crate::ui::{ServerLog, Tone, Ui};

/// How long the token in the link is valid, at most.
const TOKEN: Duration = Duration::from_secs(24 * 3600);
/// How long running runs may go on after Ctrl-C before they are released to the queue.
const GRACE: Duration = Duration::from_secs(1);

/// Start the API, the web console and a worker on this machine
///
/// For development: the database is created or migrated first, and the link that is printed signs a browser in, until the
/// command ends. The folders of configurations are watched: a mistake in one is reported when its file is saved. Ctrl-C stops
/// everything; a run in progress goes back to the queue. For a server, use `ade serve`.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade dev\n  ade dev --open            also open the page in a browser\n  ade dev --port 9000\n  ade dev --no-worker       API and web console; runs wait"
)]
pub struct Args {
    /// Start no worker: runs wait in the queue
    #[arg(long)]
    no_worker: bool,
    /// Serve the API only, without the web console
    #[arg(long)]
    no_web: bool,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: String,
    /// The port to listen on; 0: one that is free
    #[arg(long, value_name = "PORT", default_value_t = serving::PORT)]
    port: u16,
    /// Open the web console in a browser
    #[arg(long, conflicts_with = "no_web")]
    open: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let place = serving::place(&args.host, args.port)?;
    // Nothing is created or migrated by a command that cannot listen.
    let listening = Listening::at(&place)?;
    let paths = Paths::new(&settings)?;
    identity::demand_database(&settings, &paths)?;
    store::migrate(&settings, &paths.database())?;
    let workspace = Arc::new(Workspace::open(settings, Opening::CreateIfAbsent)?);
    let settings = &workspace.settings;
    let loopback = serving::is_loopback(&place);
    if !loopback {
        serving::demand_tokens(&workspace, &args.host)?;
    }
    let (token, record) = tokens::create(
        &workspace,
        &NewToken {
            name: tokens::development_name(),
            scope: Scope::Admin,
            workspaces: None,
            valid_for: Some(TOKEN),
        },
    )?;
    let log = Arc::new(ServerLog::new(context.own_ui(), settings).short());
    let address = listening
        .address()
        .map_or_else(String::new, |address| address.to_string());
    let link = format!("http://{address}/?token={token}");
    greet(&context.ui, args, &address, &link, &token);
    // Held until the end: the browser may take its time.
    let _page = if args.open { open(&link)? } else { None };
    let worker = (!args.no_worker).then_some(worker::WorkerOptions {
        concurrency: settings.worker.concurrency,
        drain: false,
        once: false,
        grace: GRACE,
        gc: false,
    });
    let serving = Serving {
        workspace: Arc::clone(&workspace),
        listening,
        options: ServeOptions {
            loopback,
            without_pages: args.no_web,
            trusted_proxies: Vec::new(),
            cors_origins: serving::origins(settings.cors_origins.as_deref())?,
        },
        worker,
        // Nobody passes requests on to it.
        drain: Duration::ZERO,
        grace: GRACE,
        log: Arc::clone(&log),
    };
    let outcome = serving.run(|stop| watch(&workspace, stop, &|news| tell(&log, news)));
    // The link is of no use without its server.
    let _ = workspace
        .store
        .revoke_token(&record.id, workspace.machine.now());
    if outcome.is_ok() {
        context.ui.say("Stopped");
    }
    outcome.map(|_| ExitStatus::Done)
}

fn greet(ui: &Ui, args: &Args, address: &str, link: &str, token: &str) {
    if ui.json() {
        ui.document(&json!({"url": format!("http://{address}"), "link": link, "token": token}));
        return;
    }
    ui.line(format_args!(
        "{} {}",
        ui.paint(Tone::Strong, "ade dev"),
        ui.paint(Tone::Dim, ade::VERSION)
    ));
    if args.no_web {
        ui.fact("API", format_args!("http://{address}"));
        ui.fact("Token", token);
    } else {
        ui.fact("Runs", ui.paint(Tone::Name, link));
        ui.fact("API", format_args!("http://{address}/docs"));
    }
    let worker = if args.no_worker {
        "none; runs wait"
    } else {
        "in this process"
    };
    ui.fact("Worker", worker);
    ui.line(ui.paint(Tone::Dim, "Ctrl-C stops"));
}

fn tell(log: &ServerLog, news: &News<'_>) {
    match news {
        News::Changed { name, builds } => {
            let next = if *builds {
                "; its environment is built"
            } else {
                ""
            };
            let message = format!("{name} changed{next}");
            log.say("config", LogLevel::Info, "configuration.changed", &message);
        }
        News::Broken { name, message } => {
            let message = format!("{name} changed, and cannot be used: {message}");
            log.say("config", LogLevel::Error, "configuration.broken", &message);
        }
    }
}

/// Opens a page in the user's browser. Where there is none, the link is on the terminal. The browser is given a file that only this
/// user can read and that leads to the link: arguments of programs can be seen by every user of the machine.
fn open(link: &str) -> Result<Option<tempfile::NamedTempFile>, Failure> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let write = || {
        let mut page = tempfile::Builder::new()
            .prefix("ade-dev-")
            .suffix(".html")
            .tempfile()?;
        writeln!(
            page,
            "<!doctype html><meta charset=\"utf-8\"><title>ade dev</title><meta http-equiv=\"refresh\" content=\"0; url={link}\"><a href=\"{link}\">ade dev</a>"
        )?;
        page.flush()?;
        Ok(page)
    };
    let page = write().map_err(FileError::on("write", &std::env::temp_dir()))?;
    let started = Command::new(program)
        .arg(page.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Ok(started.is_ok().then_some(page))
}
