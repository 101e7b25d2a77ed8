//! Tests small tables of each shape, and similar tables that must stay unchanged.

use super::{Proposal, ReshapeStep, ValueSeparator, propose};

/// Returns the proposals for a table, given as lines with bars between the cells.
fn proposals(table: &str) -> Vec<Proposal> {
    propose(table.lines().map(|line| line.trim().split('|')))
}

/// Checks the steps of the first proposal.
#[track_caller]
fn first(table: &str, steps: &[ReshapeStep]) -> Proposal {
    let proposals = proposals(table);
    assert_eq!(proposals[0].steps, steps, "{proposals:#?}");
    proposals[0].clone()
}

/// Checks that nothing is done to a table without asking.
#[track_caller]
fn stays(table: &str) {
    let applied: Vec<Proposal> = proposals(table)
        .into_iter()
        .filter(|proposal| proposal.apply)
        .collect();
    assert!(applied.is_empty(), "{applied:#?}");
}

/// Checks that a table is one record per row already, and that no other proposal is worth a question.
#[track_caller]
fn is_plain(table: &str) {
    first(table, &[]);
    stays(table);
}

const MONTHS: &str = "Region|Jan|Feb|Mar|Apr|May|Jun
North|120|132|101|134|90|230
South|220|182|191|234|290|330
East|150|232|201|154|190|330
West|320|332|301|334|390|330
Centre|82|93|90|93|129|133";

#[test]
fn months_are_stacked_without_asking_and_with_reasons() {
    let found = first(MONTHS, &[ReshapeStep::Stack { start: 1, end: 6 }]);
    assert!(found.apply && found.confidence > 0.9, "{found:?}");
    assert_eq!(
        found.reasons,
        [
            "6 headers are months: “Jan” to “Jun”",
            "the 6 columns from “Jan” to “Jun” hold numbers of one kind"
        ]
    );
}

#[test]
fn columns_of_which_each_row_fills_one_are_stacked() {
    let table = "Site|Week|Hours by day|Hours by night
        A|2|3.5|
        A|3||4.25
        B|2||8
        B|3|1.5|
        C|2|2|";
    let step = ReshapeStep::Stack { start: 2, end: 3 };
    first(table, &[step]);
    // Two columns that are both filled in a row are two fields.
    is_plain(&table.replace("A|3||4.25", "A|3|1|4.25"));
    // Debit and credit are two fields, too.
    is_plain(
        &table
            .replace("Hours by day", "Paid debit")
            .replace("Hours by night", "Paid credit"),
    );
}

#[test]
fn a_total_behind_the_years_is_left_out() {
    let table = "Country|Capital|2019|2020|2021|2022|Total
        Norway|Oslo|12.5|13.1|13.9|14.2|53.7
        Sweden|Stockholm|22.5|21.1|23.4|24.9|91.9
        Denmark|Copenhagen|9.1|9.9|10.3|10.8|40.1
        Finland|Helsinki|7.7|8.4|8.1|9.3|33.5";
    let found = first(table, &[ReshapeStep::Stack { start: 2, end: 5 }]);
    assert!(
        found
            .reasons
            .contains(&"“Total” is left out: it is a total".to_owned()),
        "{found:?}"
    );
}

#[test]
fn figures_that_are_fields_stay_beside_each_other() {
    is_plain(
        "Order|Date|Customer|Quantity|Unit price|Total
        1001|2024-03-01|Lindgren AB|3|12.50|37.50
        1002|2024-03-02|Okafor Ltd|1|99.00|99.00
        1003|2024-03-02|Meyer KG|12|4.20|50.40
        1004|2024-03-05|Rossi SpA|7|15.00|105.00
        1005|2024-03-09|Lindgren AB|2|20.00|40.00",
    );
    // Prices of three kinds look like columns to be stacked: only a person can decide.
    stays(
        "Article|Purchase price|List price|Net price
        Lamp|10.00|19.90|15.90
        Chair|55.00|119.00|99.00
        Desk|140.00|310.00|279.00
        Shelf|22.50|49.00|42.00
        Rug|31.00|75.50|60.00",
    );
}

#[test]
fn questions_are_no_quarters() {
    let table = "Respondent|Q1|Q2|Q3|Q4|Q5|Q6
        R01|4|5|3|4|2|1
        R02|3|5|4|4|1|2
        R03|5|4|3|5|2|2
        R04|2|3|3|4|4|1
        R05|4|4|5|3|3|3";
    stays(table);
    let proposals = proposals(table);
    let said = proposals.iter().flat_map(|proposal| &proposal.reasons);
    assert!(
        !said.clone().any(|reason| reason.contains("quarters")),
        "{proposals:#?}"
    );
}

#[test]
fn groups_of_columns_are_made_rows() {
    let table = "Branch|Plan 2023|Actual 2023|Plan 2024|Actual 2024
        Leeds|100|97|110|121
        Ghent|80|85|90|88
        Turin|60|52|65|70
        Graz|45|47|50|49
        Porto|75|71|80|84";
    let found = first(table, &[ReshapeStep::Groups { start: 1, end: 4 }]);
    assert!(
        found.reasons[0].contains("plan, actual for each of 2023, 2024"),
        "{found:?}"
    );
    let table = "Household|Name 1|Age 1|Name 2|Age 2|Name 3|Age 3
        H1|Ann|31|Bob|33|Cy|4
        H2|Di|55|Ed|57|Flo|19
        H3|Gus|41|Ina|40|Jo|12
        H4|Kai|28|Liv|27|Max|1";
    first(table, &[ReshapeStep::Groups { start: 1, end: 6 }]);
}

#[test]
fn debit_and_credit_of_two_days_are_asked_about() {
    stays(
        "Account|Opening debit|Opening credit|Closing debit|Closing credit
        1000 Cash|500.00|0.00|620.00|0.00
        1200 Bank|9100.50|0.00|8800.10|0.00
        2000 Payables|0.00|3100.00|0.00|2900.00
        3000 Equity|0.00|6000.50|0.00|6000.50
        4000 Stock|310.00|0.00|290.90|0.00",
    );
}

#[test]
fn rows_of_different_kinds_are_turned() {
    let table = "Field|Pump A|Pump B|Pump C|Pump D|Pump E
        Manufacturer|Norvik|Hallas|Norvik|Orbis|Hallas
        Power (kW)|1.5|2.2|3.0|0.75|1.1
        Commissioned|2019-05-01|2020-03-15|2018-11-30|2021-07-09|2022-01-20
        Serial number|NX100|HA220|NX107|OB031|HA231
        In service|yes|no|yes|yes|no";
    first(table, &[ReshapeStep::Transpose]);
    is_plain(
        "First name|Last name|Street|City|Phone|Email
        Ann|Lee|Mill Lane 3|Leeds|555-0100|ann@example.org
        Bob|Ray|High Street 12|York|555-0101|bob@example.org
        Cy|Moss|Oak Avenue 7|Hull|555-0102|cy@example.org
        Di|Vane|Main St 44|Dover|555-0103|di@example.org",
    );
}

#[test]
fn lines_of_labels_are_joined_to_records() {
    let table = "Name|Ann Lee
        City|Leeds
        Hours|12
        Name|Bob Ray
        City|Ghent
        Hours|9
        Name|Cy Moss
        City|Turin
        Hours|31
        Name|Di Vane
        City|Graz
        Hours|3";
    first(table, &[ReshapeStep::Records { every: 3 }]);
}

#[test]
fn groups_written_once_are_filled_down() {
    let table = "Department|Employee|Hours
        Sales|Ann Lee|12
        |Bob Ray|9
        |Cy Moss|31
        Finance|Di Vane|3
        |Ed Ash|17
        |Flo Hart|22
        |Gus Pohl|8
        Legal|Hal Dorn|14
        |Ina Berg|19";
    first(table, &[ReshapeStep::FillDown { last: 0 }]);
}

#[test]
fn remarks_here_and_there_are_not_filled_down_unasked() {
    stays(
        "Remark|Employee|Hours
        late|Ann Lee|12
        |Bob Ray|9
        moved|Cy Moss|31
        |Di Vane|3
        |Ed Ash|17
        sick|Flo Hart|22
        new|Gus Pohl|8
        |Hal Dorn|14
        half day|Ina Berg|19
        |Jo Kern|11",
    );
}

#[test]
fn lists_in_cells_are_split_but_only_when_asked() {
    let table = "Employee|Team|Skills
        Ann Lee|A|welding, painting
        Bob Ray|B|driving
        Cy Moss|A|painting, driving, welding
        Di Vane|C|planning, driving
        Ed Ash|B|welding, planning, painting
        Flo Hart|C|painting
        Gus Pohl|A|driving, planning";
    first(
        table,
        &[ReshapeStep::Split {
            column: 2,
            mark: ValueSeparator::Comma,
        }],
    );
    stays(table);
    is_plain(
        "Employee|City|Hours
        Ann Lee|Austin, TX|12
        Bob Ray|Boston, MA|9
        Cy Moss|Denver, CO|31
        Di Vane|Tampa, FL|3
        Ed Ash|Dallas, TX|17
        Flo Hart|Worcester, MA|22",
    );
}

#[test]
fn section_lines_are_made_a_column() {
    let table = "Article|Unit|Price
        Timber||
        Oak board|m|12.50
        Pine board|m|6.20
        Ash board|m|14.00
        Metal||
        Steel bar|kg|3.10
        Copper wire|kg|9.80
        Brass sheet|kg|8.40
        Stone||
        Slate|m2|31.00
        Granite|m2|55.00";
    let found = first(table, &[ReshapeStep::Sections]);
    assert!(found.apply, "{found:?}");
    is_plain(
        "Article|Unit|Price
        Oak board|m|12.50
        Pine board|m|6.20
        Ash board|m|14.00
        Steel bar|kg|3.10
        Copper wire|kg|9.80
        Prices without tax||",
    );
}

#[test]
fn steps_follow_each_other_and_are_said_of_the_table_before_them() {
    let table = "Area|Shop|2019|2020|2021|2022|2023
        North|Leeds|120|132|101|134|150
        |York|82|93|90|93|99
        |Hull|60|66|71|70|77
        South|Dover|220|182|191|234|210
        |Hove|150|232|201|154|180
        |Poole|44|48|52|51|59
        |Exeter|90|95|99|103|110";
    let steps = [
        ReshapeStep::FillDown { last: 0 },
        ReshapeStep::Stack { start: 2, end: 6 },
    ];
    let found = first(table, &steps);
    assert!(found.reasons[0].contains("left empty 5 times"), "{found:?}");
}

#[rustfmt::skip]
#[test]
fn no_table_is_too_small_or_too_odd() {
    for table in [
        "", "|", "A", "A|B", "A|B\n1", "\n\n|\n", "1|2|3\n\n4", "||\n||\n||",
    ] {
        let proposals = proposals(table);
        assert!(!proposals.is_empty(), "{table:?}");
        let sum: f64 = proposals.iter().map(|proposal| proposal.confidence).sum();
        assert!(sum <= 1.0 + 1e-9 && sum.is_finite(), "{table:?}: {sum}");
        assert!(!proposals.iter().any(|proposal| proposal.apply), "{table:?}");
    }
    let wide: String = (0..3_000).map(|at| format!("Field {at}|")).collect();
    let table = format!("{wide}\n{wide}\n{wide}");
    assert!(!proposals(&table).is_empty());
}
