//! `ade workspaces`.

use crate::common;

use common::{Place, snapshot};
use serde_json::json;

#[test]
fn a_workspace_has_a_name_beside_its_id_and_goes_when_it_is_empty() {
    let place = Place::cold();
    assert_eq!(place.json("workspaces ls --json"), json!([]));
    place.configuration_id("config");
    place
        .ade("run config members.csv --dry-run -q --workspace other")
        .succeeds();
    let arguments = ["workspaces", "rename", "other", "All others"];
    let renamed = place.ade_with(arguments).succeeds();
    renamed.says("other is called All others now");
    snapshot!(place, place.ade("workspaces ls"), @r"
    status 0
    --- stdout
    ID       NAME        KNOWN SINCE
    default  default     [AGO]
    other    All others  [AGO]
    ");
    let refused = "workspace \"other\" has 1 configuration, 1 run";
    place.ade_refuses("workspaces rm other --yes", refused);
    place.ade("runs rm latest --workspace other").succeeds();
    place
        .ade("configs rm config --yes --workspace other")
        .succeeds();
    place.ade_refuses(
        "workspaces rm other",
        "was not deleted: nobody is there to agree",
    );
    place.ade_prints(
        "workspaces rm other --dry-run",
        "would be deleted workspace All others",
    );
    place.ade("workspaces rm other --yes").succeeds();
    assert_eq!(
        place.json("workspaces ls --json").as_array().unwrap().len(),
        1
    );
    place.ade_fails("workspaces rm default --yes", 2, "workspace_in_use");
}
