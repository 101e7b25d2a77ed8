//! `ade dev`: runs API, pages and worker in one process.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use ade::api::ServeOptions;
use ade::api::access::tokens;
use ade::api::access::tokens::NewToken;
use ade::api::server::BoundListeners;
use ade::base::files::FileError;
use ade::checks::dev::{
    ConfigurationWatch, DevEvent, DevServerLock, DevState, FolderConfigurations,
    MAX_FOLDER_CONFIGURATIONS, PinnedVersion,
};
use ade::settings::LogLevel;
use ade::settings::paths::Paths;
use ade::store::{self, KnownConfiguration, OpenMode, Scope};
use ade::workspace::Workspace;
use ade::workspace::identity;
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::serving::{self, ServePlan};
use crate::ui::{ServerLog, Tone, Ui};

/// The maximum validity of the token in the link.
const TOKEN: Duration = Duration::from_secs(24 * 3600);
/// How long running runs may go on after Ctrl-C before they are released to the queue.
const GRACE: Duration = Duration::from_secs(1);

/// Start the API, the web console and a worker for development
///
/// Creates or migrates the database, and prints a link that signs a browser in. Lists the configurations in the current folder,
/// watches their files, and reports mistakes with file and line. Ctrl-C stops everything; running runs go back to the queue.
/// Only one per data directory. Use `ade serve` on a server.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade dev\n  ade dev --open            also open the page in a browser\n  ade dev --port 9000\n  ade dev --no-worker       API and web console; runs wait"
)]
pub struct Args {
    /// Start no worker; runs wait in the queue
    #[arg(long)]
    no_worker: bool,
    /// Serve only the API, without the web console
    #[arg(long)]
    no_web: bool,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: String,
    /// The port to listen on; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = serving::PORT)]
    port: u16,
    /// Open the web console in a browser
    #[arg(long, conflicts_with = "no_web")]
    open: bool,
    /// Send notifications about ended runs to ADE_ON_END_URL and ADE_ON_END_COMMAND
    #[arg(long)]
    on_end: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let mut settings = context.settings()?;
    if !args.on_end {
        (settings.on_end_url, settings.on_end_command) = (None, None);
    }
    let place = serving::place(&args.host, args.port)?;
    let paths = Paths::new(&settings)?;
    DevServerLock::demand(&paths)?;
    // First listen: a command that cannot listen must not create or migrate a database.
    let listening = BoundListeners::at(&place)?;
    identity::demand_database(&settings, &paths)?;
    store::migrate(&settings, &paths.database())?;
    let workspace = Arc::new(Workspace::open(settings, OpenMode::CreateIfAbsent)?);
    let settings = &workspace.settings;
    let address = listening
        .address()
        .map_or_else(String::new, |address| address.to_string());
    // Held until the server ends.
    let _alone = DevServerLock::take(&workspace, &format!("http://{address}"))?;
    let loopback = serving::is_loopback(&place);
    if !loopback {
        serving::demand_tokens(&workspace, &args.host)?;
    }
    let (watch, here) = ConfigurationWatch::begin(&workspace, &settings.folder)?;
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
    let code = tokens::sign_in_code(&workspace, &record)?;
    let link = format!("http://{address}/?code={code}");
    greet(&context.ui, args, &address, &link, &token, &here);
    // Held until the server ends: the browser may open the file late.
    let _page = if args.open { open(&link)? } else { None };
    let worker = (!args.no_worker).then(|| serving::worker_options(settings, GRACE, false));
    let serving = ServePlan {
        workspace: Arc::clone(&workspace),
        listening,
        options: ServeOptions {
            loopback,
            edits_folders: loopback,
            figures_alone: false,
            without_pages: args.no_web,
            trusted_proxies: Vec::new(),
            cors_origins: serving::origins(settings.cors_origins.as_deref())?,
        },
        worker,
        // No proxy or load balancer needs time to notice the shutdown.
        drain: Duration::ZERO,
        grace: GRACE,
        log: Arc::clone(&log),
    };
    let outcome = serving.run(|stop| watch.run(stop, &|news| tell(&log, news)));
    // The link is useless without its server.
    let _ = workspace
        .store
        .revoke_token(&record.id, workspace.machine.now());
    if outcome.is_ok() {
        context.ui.say("Stopped");
    }
    outcome.map(|_| ExitStatus::Done)
}

fn greet(
    ui: &Ui,
    args: &Args,
    address: &str,
    link: &str,
    token: &str,
    here: &FolderConfigurations,
) {
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
    } else {
        ui.fact("Console", ui.paint(Tone::Name, link));
        ui.fact("API", format_args!("http://{address}/docs"));
    }
    ui.fact("Token", token);
    let worker = if args.no_worker {
        "none; runs wait"
    } else {
        "in this process"
    };
    ui.fact("Worker", worker);
    show_configurations(ui, here);
    ui.line(ui.paint(Tone::Dim, "Ctrl-C stops"));
}

/// Prints the configurations in this folder, which can be run at once, and the version that runs use if it is not the folder.
fn show_configurations(ui: &Ui, here: &FolderConfigurations) {
    let name = |known: &KnownConfiguration| match &known.version {
        Some(version) => format!("{} (version {})", known.record.name, version.version),
        None => known.record.name.clone(),
    };
    let names: Vec<String> = here.known.iter().map(name).collect();
    if names.is_empty() {
        ui.fact("Configurations", "none here; `ade init crew` makes one");
    } else {
        ui.fact("Configurations", names.join(", "));
    }
    if here.left_out > 0 {
        ui.say(format_args!(
            "{} more configurations in this folder are not listed: only the first {MAX_FOLDER_CONFIGURATIONS} by name are; run another one once to add it",
            here.left_out
        ));
    }
}

fn tell(log: &ServerLog, news: &DevEvent<'_>) {
    let say = |level, event: &str, message: &str| log.say("config", level, event, message);
    let (name, frozen, state) = match news {
        DevEvent::New { name } => {
            let message = format!("{name} is new here, and can be run");
            return say(LogLevel::Info, "configuration.new", &message);
        }
        DevEvent::Changed {
            name,
            frozen,
            state,
        } => (name, frozen, state),
    };
    let mut message = match frozen {
        Some(_) => format!("the folder of {name} "),
        None => format!("{name} "),
    };
    let (level, event) = match state {
        DevState::Broken { .. } => (LogLevel::Error, "configuration.broken"),
        _ => (LogLevel::Info, "configuration.changed"),
    };
    message += &match state {
        DevState::Loads { again: true } => "loads again".to_owned(),
        DevState::Loads { again: false } => "changed, and loads without errors".to_owned(),
        DevState::Builds => "changed; its environment is built".to_owned(),
        DevState::Broken { message, hint } => {
            let hint = hint.as_ref().map(|hint| format!("; {hint}"));
            let hint = hint.unwrap_or_default();
            format!("changed, and cannot be used: {message}{hint}")
        }
    };
    if let Some(PinnedVersion { version, argument }) = frozen {
        message += &format!(
            "; runs over the API use version {version} and not the folder: `ade configs deactivate {argument} --version` changes that"
        );
    }
    say(level, event, &message);
}

/// Opens a page in the user's browser. Without a browser, the user takes the link from the terminal. The browser gets a file
/// that only this user can read and that redirects to the link, because every user of the machine can see the arguments of
/// programs.
fn open(link: &str) -> Result<Option<tempfile::NamedTempFile>, Failure> {
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
    Ok(serving::open_in_browser(page.path().as_os_str()).then_some(page))
}
