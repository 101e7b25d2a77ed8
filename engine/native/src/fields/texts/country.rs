//! Countries, and how their phone numbers are dialled within the country, by the metadata of libphonenumber.

use rlibphonenumber::enums::Region;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};

/// A country whose phone numbers are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country(Region);

impl Country {
    /// Returns the country with a code of two capitals, such as "DE"; none if its phone numbers are unknown.
    pub fn named(code: &str) -> Option<Self> {
        let region = Region::from_code(code).ok()?;
        let known = PHONE_NUMBER_UTIL.get_supported_regions();
        let is_it = region.as_region_str().as_str() == code
            && known.into_iter().any(|supported| supported == region);
        is_it.then_some(Self(region))
    }

    /// Returns the codes of all countries.
    pub fn codes() -> Vec<String> {
        let known = PHONE_NUMBER_UTIL.get_supported_regions();
        let mut codes: Vec<String> = known
            .map(|region| region.as_region_str().as_str().to_owned())
            .collect();
        codes.sort_unstable();
        codes
    }

    /// Adds a number that is dialled within the country, in the form that is dialled from abroad: "030123456" of Germany
    /// becomes "+4930123456" (ITU-T E.164). Returns `false` if the country has no such number, or if the first digits may or
    /// may not be the country's: "491711234567" may be a number of Leer in Ostfriesland, or a German mobile number without its
    /// plus.
    pub fn push_international(self, digits: &str, out: &mut String) -> bool {
        let Some((number, code)) = self.dialled(digits) else {
            return false;
        };
        let has_code = number[1..] == *digits;
        let may_have_code = || {
            let rest = digits.strip_prefix(&code);
            rest.is_some_and(|rest| self.dialled(rest).is_some())
        };
        let is_clear = has_code || !may_have_code();
        if is_clear {
            out.push_str(&number);
        }
        is_clear
    }

    /// Returns a number of the country with a plus, and the country's own digits.
    fn dialled(self, digits: &str) -> Option<(String, String)> {
        let number = PHONE_NUMBER_UTIL.parse(digits, Some(self.0)).ok()?;
        let whole = number
            .is_valid()
            .then(|| number.format_as(PhoneNumberFormat::E164));
        whole.map(|whole| (whole.into_owned(), number.country_code.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn national_numbers() {
        for (code, digits, wanted) in [
            ("DE", "030123456", Some("+4930123456")),
            ("DE", "01712345678", Some("+491712345678")),
            // A spreadsheet program removed the zero.
            ("DE", "30123456", Some("+4930123456")),
            ("IT", "3123459875", Some("+393123459875")),
            ("IT", "0669821234", Some("+390669821234")),
            ("US", "12125550199", Some("+12125550199")),
            ("US", "0114930123456", Some("+4930123456")),
            ("FR", "0612345678", Some("+33612345678")),
            ("GB", "02079460958", Some("+442079460958")),
            ("DE", "4930123456", Some("+4930123456")),
            ("DE", "491711234567", None),
            ("DE", "0491711234567", Some("+49491711234567")),
            ("DE", "0000000", None),
            ("US", "5551234567", None),
        ] {
            let mut out = String::new();
            let is_number = Country::named(code)
                .unwrap()
                .push_international(digits, &mut out);
            assert_eq!(is_number.then_some(out.as_str()), wanted, "{code} {digits}");
        }
        for code in ["de", "XX", "", "DEU", "D"] {
            assert_eq!(Country::named(code), None, "{code}");
        }
        assert!(Country::codes().len() > 200);
    }
}
