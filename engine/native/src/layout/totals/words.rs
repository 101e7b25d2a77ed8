//! Words for totals, charges and balances. Speakers of a language add to its line here.

use std::collections::HashMap;
use std::sync::OnceLock;

/// What a label names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    Balance,
    Subtotal,
    Average,
    Total,
    Discount,
    Charge,
}

/// How a word stands in its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// With nothing but words that go with it: "Total (EUR)".
    Alone,
    /// Beside others: "Total Energies".
    Beside,
    /// Beside others, and it often means something else: "All other".
    Weak,
}

/// One line for each language: totals and amounts due; subtotals and net totals; VAT, shipping and other charges; discounts and
/// what is taken off; balances, among them opening, closing and carried forward. Small letters, phrases apart by commas.
#[rustfmt::skip]
const LANGUAGES: &[(&str, [&str; 5])] = &[
    ("ar", ["المجموع, الإجمالي, إجمالي, مجموع, المبلغ المستحق", "المجموع الفرعي", "ضريبة, ضريبة القيمة المضافة, الشحن", "خصم", "الرصيد, رصيد, الرصيد الافتتاحي, الرصيد الختامي, رصيد مرحل"]),
    ("bg", ["общо, всичко, сума, общо за плащане, сума за плащане", "междинна сума, данъчна основа", "ддс, доставка", "отстъпка, аванс", "салдо, начално салдо, крайно салдо"]),
    ("ca", ["total, suma, total a pagar, import total", "subtotal, base imposable", "iva, enviament, ports", "descompte", "saldo, saldo inicial, saldo final, saldo anterior"]),
    ("cs", ["celkem, součet, celková částka, k úhradě, celkem k úhradě", "mezisoučet, základ daně", "dph, doprava, poštovné, zaokrouhlení", "sleva, záloha", "zůstatek, počáteční zůstatek, konečný zůstatek, převod"]),
    ("da", ["total, i alt, sum, at betale, beløb i alt, samlet, brutto", "subtotal, delsum, mellemsum, netto", "moms, fragt, porto, afrunding", "rabat, forudbetaling", "saldo, primosaldo, ultimosaldo, overført, overførsel"]),
    ("de", ["gesamt, gesamtsumme, gesamtbetrag, summe, endsumme, endbetrag, insgesamt, rechnungsbetrag, zahlbetrag, zu zahlen, gesamtergebnis, zahllast, brutto, bruttobetrag, bruttosumme, restbetrag", "zwischensumme, teilsumme, nettosumme, nettobetrag, summe netto, netto gesamt, netto", "mwst, ust, mehrwertsteuer, umsatzsteuer, versand, versandkosten, fracht, porto, rundung, quellensteuer", "rabatt, skonto, nachlass, abzüglich, abzgl, anzahlung", "saldo, anfangssaldo, endsaldo, anfangsbestand, endbestand, saldovortrag, übertrag, vortrag, alter saldo, neuer saldo, kontostand, schlusssaldo, eröffnungssaldo, alter kontostand, neuer kontostand"]),
    ("el", ["σύνολο, γενικό σύνολο, άθροισμα, πληρωτέο, πληρωτέο ποσό", "υποσύνολο, μερικό σύνολο, καθαρή αξία", "φπα, μεταφορικά", "έκπτωση, προκαταβολή", "υπόλοιπο, αρχικό υπόλοιπο, τελικό υπόλοιπο, εκ μεταφοράς, σε μεταφορά"]),
    ("en", ["total, totals, grand total, grand totals, sum, sum total, overall, overall total, amount due, total due, balance due, amount payable, total payable, all items, gross, gross total, total gross, gross amount", "subtotal, subtotals, sub total, net total, total net, net amount, total before tax, net, carried to summary, carried to collection, to collection, page total", "vat, tax, sales tax, gst, hst, shipping, freight, postage, delivery, shipping and handling, handling, rounding, surcharge, carriage, insurance, withholding tax", "discount, less, deduction, deposit, rebate, credit note, paid, amount paid, less paid", "balance, opening balance, closing balance, balance forward, balance brought forward, balance carried forward, brought forward, carried forward, carry forward, ending balance, starting balance, beginning balance, new balance, previous balance, opening stock, closing stock, b f, c f, b d, c d"]),
    ("es", ["total, suma, suma total, total general, importe total, total a pagar, a pagar, bruto", "subtotal, base imponible, total parcial, importe neto, neto", "iva, envío, gastos de envío, portes, impuestos, retención", "descuento, anticipo", "saldo, saldo inicial, saldo final, saldo anterior, saldo actual, suma anterior, suma y sigue"]),
    ("et", ["kokku, kogusumma, summa, tasuda, tasumisele kuulub", "vahesumma, vahekokkuvõte", "käibemaks, km, transport", "allahindlus, ettemaks", "saldo, algsaldo, lõppsaldo, jääk, algjääk, lõppjääk"]),
    ("fa", ["جمع, جمع کل, مجموع, قابل پرداخت", "جمع جزء", "مالیات, هزینه ارسال", "تخفیف", "مانده, مانده اول دوره, مانده پایان دوره, نقل از قبل"]),
    ("fi", ["yhteensä, summa, loppusumma, maksettava, maksettavaa yhteensä, kaikki yhteensä", "välisumma, veroton yhteensä", "alv, toimitus, toimituskulut, rahti, pyöristys", "alennus, ennakko", "saldo, alkusaldo, loppusaldo, siirto"]),
    ("fr", ["total, totaux, total général, somme, ensemble, montant total, à payer, net à payer, total ttc, montant dû, total à payer, ttc, brut, montant ttc", "sous total, total ht, montant ht, total partiel, total net, ht, montant net", "tva, livraison, frais de port, frais de livraison, port, arrondi, assurance, retenue à la source", "remise, escompte, acompte, rabais, réduction", "solde, solde initial, solde final, ancien solde, nouveau solde, report, à reporter, à nouveau, solde reporté, solde précédent"]),
    ("he", ["סה כ, סך הכל, סכום כולל, לתשלום, סה כ לתשלום", "סכום ביניים", "מע מ, משלוח", "הנחה", "יתרה, יתרת פתיחה, יתרת סגירה, יתרה קודמת"]),
    ("hi", ["कुल, योग, कुल योग, कुल राशि, देय राशि", "उप योग, उपयोग राशि", "कर, जीएसटी", "छूट", "शेष, प्रारंभिक शेष, अंतिम शेष, अथ शेष"]),
    ("hr", ["ukupno, svega, sveukupno, zbroj, iznos za plaćanje, za platiti", "međuzbroj, osnovica", "pdv, dostava, poštarina", "popust, predujam", "saldo, početno stanje, završno stanje, stanje, prijenos"]),
    ("hu", ["összesen, végösszeg, mindösszesen, összeg, fizetendő", "részösszeg, nettó összesen", "áfa, szállítás, kerekítés", "kedvezmény, előleg", "egyenleg, nyitó egyenleg, záró egyenleg, nyitóegyenleg, záróegyenleg, áthozat, átvitel"]),
    ("id", ["jumlah, total, total keseluruhan, jumlah total, total tagihan", "subtotal", "ppn, pajak, ongkir, ongkos kirim", "diskon, potongan", "saldo, saldo awal, saldo akhir"]),
    ("is", ["samtals, alls, heildarupphæð, til greiðslu", "millisamtala", "vsk, virðisaukaskattur, sending", "afsláttur", "staða, upphafsstaða, lokastaða"]),
    ("it", ["totale, totale generale, totale complessivo, somma, importo totale, da pagare, totale da pagare, totale fattura, lordo", "subtotale, imponibile, parziale, totale parziale, totale imponibile, netto", "iva, spedizione, trasporto, spese di spedizione, arrotondamento, ritenuta d acconto", "sconto, acconto", "saldo, saldo iniziale, saldo finale, saldo precedente, riporto, a riporto, a nuovo"]),
    ("ja", ["合計, 総計, 総合計, 計, 総額, 合計金額, 請求金額, 請求額", "小計", "消費税, 税, 送料", "割引, 値引, 値引き", "残高, 繰越, 前月繰越, 次月繰越, 前期繰越, 次期繰越, 繰越残高, 前回残高"]),
    ("ko", ["합계, 총계, 총합계, 총액, 청구금액", "소계", "부가세, 배송비, 세금", "할인", "잔액, 이월, 전월이월, 차월이월, 기초잔액, 기말잔액"]),
    ("lt", ["iš viso, viso, bendra suma, suma, mokėti, mokėtina suma", "tarpinė suma", "pvm, pristatymas", "nuolaida, avansas", "likutis, pradinis likutis, galutinis likutis"]),
    ("lv", ["kopā, pavisam, summa, apmaksai, summa apmaksai", "starpsumma", "pvn, piegāde", "atlaide, avanss", "atlikums, sākuma atlikums, beigu atlikums"]),
    ("mk", ["вкупно, се вкупно, за плаќање", "меѓузбир", "ддв, достава", "попуст", "салдо, почетно салдо, крајно салдо"]),
    ("nb", ["sum, totalt, total, i alt, å betale, til sammen, sum totalt, totalsum, brutto", "delsum, mellomsum, netto", "mva, merverdiavgift, frakt, avrunding", "rabatt, forskudd", "saldo, inngående saldo, utgående saldo, overført, inngående balanse, utgående balanse"]),
    ("nl", ["totaal, eindtotaal, totaalbedrag, som, te betalen, totaal te betalen, te voldoen, bruto", "subtotaal, tussentotaal, totaal excl, netto", "btw, verzendkosten, verzending, vracht, afronding", "korting, aanbetaling", "saldo, beginsaldo, eindsaldo, openingssaldo, slotsaldo, vorig saldo, nieuw saldo, transport, overdracht"]),
    ("pl", ["razem, suma, łącznie, ogółem, do zapłaty, suma końcowa, razem do zapłaty, brutto", "suma częściowa, suma netto, razem netto, netto", "vat, podatek, dostawa, wysyłka, zaokrąglenie", "rabat, zaliczka, upust", "saldo, saldo początkowe, saldo końcowe, bilans otwarcia, bilans zamknięcia, z przeniesienia, do przeniesienia, stan początkowy, stan końcowy"]),
    ("pt", ["total, soma, total geral, montante total, valor total, a pagar, total a pagar, valor a pagar, bruto", "subtotal, total parcial, total líquido, líquido", "iva, envio, portes, frete, impostos", "desconto, adiantamento", "saldo, saldo inicial, saldo final, saldo anterior, saldo atual, a transportar, transporte"]),
    ("ro", ["total, total general, suma, de plată, total de plată", "subtotal, total parțial, total net", "tva, livrare, transport", "reducere, avans", "sold, sold inițial, sold final, sold precedent, report"]),
    ("ru", ["итого, всего, общий итог, сумма, к оплате, итого к оплате, всего к оплате", "промежуточный итог, подытог, итого без ндс", "ндс, доставка", "скидка, аванс", "сальдо, остаток, начальное сальдо, конечное сальдо, сальдо на начало, сальдо на конец, входящий остаток, исходящий остаток, остаток на начало, остаток на конец"]),
    ("sk", ["spolu, celkom, súčet, na úhradu, celkom na úhradu", "medzisúčet, základ dane", "dph, doprava, poštovné", "zľava, záloha", "zostatok, počiatočný zostatok, konečný zostatok, prevod"]),
    ("sl", ["skupaj, vsota, za plačilo, skupaj za plačilo", "vmesna vsota, osnova", "ddv, dostava, poštnina", "popust, predplačilo", "saldo, začetno stanje, končno stanje, prenos"]),
    ("sr", ["укупно, ukupno, свега, svega, за уплату, za uplatu", "међузбир, međuzbir, основица", "пдв, pdv, достава", "попуст, popust", "салдо, почетно стање, завршно стање, početno stanje, krajnje stanje, пренос"]),
    ("sv", ["totalt, summa, totalsumma, att betala, summa att betala, sammanlagt, brutto", "delsumma, summa exkl moms, netto", "moms, frakt, porto, öresavrundning, avrundning", "rabatt, förskott", "saldo, ingående saldo, utgående saldo, ingående balans, utgående balans, överfört, transport"]),
    ("th", ["รวม, รวมทั้งสิ้น, ยอดรวม, รวมเป็นเงิน, ยอดชำระ", "ยอดรวมย่อย", "ภาษีมูลค่าเพิ่ม, ค่าจัดส่ง", "ส่วนลด", "ยอดยกมา, ยอดยกไป, ยอดคงเหลือ"]),
    ("tr", ["toplam, genel toplam, ödenecek, ödenecek tutar, yekün", "ara toplam, net toplam", "kdv, kargo, nakliye", "indirim, iskonto, kapora", "bakiye, açılış bakiyesi, kapanış bakiyesi, devir, devreden bakiye, önceki bakiye"]),
    ("uk", ["разом, усього, всього, загальний підсумок, до сплати, разом до сплати", "проміжний підсумок, разом без пдв", "пдв, доставка", "знижка, аванс", "сальдо, залишок, початкове сальдо, кінцеве сальдо, початковий залишок, кінцевий залишок"]),
    ("vi", ["tổng, tổng cộng, cộng, thành tiền tổng, phải trả", "tổng phụ, cộng tiền hàng", "thuế, thuế gtgt, phí vận chuyển", "giảm giá, chiết khấu", "số dư, số dư đầu kỳ, số dư cuối kỳ, dư đầu kỳ, dư cuối kỳ"]),
    ("zh", ["合计, 合計, 总计, 總計, 总和, 总额, 總額, 共计, 共計, 应付金额, 應付金額", "小计, 小計", "税额, 稅額, 增值税, 运费, 運費", "折扣, 优惠", "余额, 餘額, 期初余额, 期末余额, 期初餘額, 期末餘額, 承前, 承前页, 过次页, 上期结转, 结转下期"]),
];
/// Averages and the like, in the same languages; such rows are no records either.
const AVERAGES: &str = "average, averages, avg, mean, median, durchschnitt, mittelwert, mittel, moyenne, médiane, promedio, media, \
    mediana, média, gemiddelde, gemiddeld, średnia, średnio, průměr, priemer, átlag, povprečje, prosjek, prosek, medie, средно, \
    среднее, середнє, μέσος όρος, gennemsnit, genomsnitt, medelvärde, gjennomsnitt, keskiarvo, keskmine, vidējais, vidurkis, \
    ortalama, المتوسط, میانگین, ממוצע, औसत, ค่าเฉลี่ย, trung bình, rata rata, 平均, 平均值, 평균, mitjana, meðaltal, просек";
/// Words that mean something else in another language or trade: they count where nothing but words that go with it stands beside them.
const WEAK: &str = "assurance, brut, bruto, brutto, carriage, gross, ht, insurance, lordo, líquido, net, neto, ttc, all items, a pagar, balance, com, cong, credit note, deduction, delivery, deposit, devir, discount, ensemble, \
    freight, gst, handling, hst, km, less, media, mean, medie, mittel, moms, mva, net amount, netto, osnova, osnovica, overall, paid, \
    parziale, plata, port, porto, portes, postage, prenos, prevod, prijenos, rabat, rabais, remise, report, rounding, shipping, sold, \
    som, spolu, stand, stanje, staða, sum, surcharge, tax, trasporto, transport, transporte, tva, ust, alv, dostava, livraison, \
    livrare, envio, viso, siirto, b d, b f, c d, c f, opening stock, closing stock, suma anterior, vat, iva, btw, pdv, dph, ddv";
/// Words that say no more than that something is left: the balance of an account, or the rest of an invoice.
const BARE_BALANCES: &str = "balance, saldo, solde, sold, салдо, сальдо, остаток, залишок, υπόλοιπο, zůstatek, zostatok, egyenleg, bakiye, likutis, \
    atlikums, jääk, stanje, staða, kontostand, stan, الرصيد, رصيد, مانده, יתרה, शेष, 残高, 余额, 餘額, 잔액, ยอดคงเหลือ";
/// What is paid in parts.
const INVOICES: &str = "invoice, inv, bill, order, rechnung, rg, re, auftrag, bestellung, facture, commande, factura, pedido, fattura, ordine, fatura, \
    factuur, faktura, faktury, faktuře, fakturu, faktúra, számla, lasku, račun, arve, счет, счёт, рахунок, сметка, τιμολόγιο, reikning, rēķins, sąskaita, contract, \
    project, booking, acconto, deposit";
/// What may stand beside such a word in the label of a total.
const BESIDE: &str = "a, ab, according, account, aktuell, all, al, am, amount, and, at, au, auf, aus, az, b, betrag, bis, brutto, by, c, carried, charge, cost, costs, currency, d, da, dag, date, \
    datum, day, days, de, dei, del, della, delle, den, der, des, di, die, do, down, du, e, each, el, employees, en, end, est, et, excl, excluding, exkl, \
    eur, euro, euros, exclusive, for, forward, from, für, gesamt, gross, grand, h, hors, ht, i, il, im, in, incl, including, inclusive, \
    inkl, invoice, is, items, k, kr, la, le, les, line, los, m, mit, month, monthly, na, net, netto, no, nach, nett, o, od, of, ohne, on, op, order, os, per, page, \
    period, plus, po, pro, przed, q, quarter, rate, s, seite, site, standard, start, sul, sur, t, tax, taxes, te, tegen, the, this, til, till, to, today, total, totals, ttc, und, until, up, uden, \
    units, usd, gbp, chf, pln, czk, sek, nok, dkk, huf, ron, try, v, van, vat, value, vom, von, w, week, x, y, year, yearly, z, za, za období, zu, zum, zur, zzgl, à, с, на, за, по, к, до, и, в, і, з, от, ve, \
    january, february, march, april, may, june, july, august, september, october, november, december, jan, feb, mar, apr, jun, jul, aug, \
    sep, sept, oct, nov, dec, januar, februar, märz, mai, juni, juli, oktober, dezember, janvier, février, mars, avril, juin, juillet, août, \
    septembre, octobre, novembre, décembre, enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, \
    diciembre, gennaio, febbraio, aprile, maggio, giugno, luglio, settembre, ottobre, dicembre, facture, rechnung, factuur, fattura, factura, \
    page, pagina, página, strana, strona, mwst, tva, btw, iva, moms, dph, vat, ust, gst, exempt, reduced, %";

/// A longer label is a sentence.
const MOST_CHARACTERS: usize = 60;

/// The phrases by their first word, those of scripts without blanks, and what goes with them.
struct Known {
    phrases: HashMap<&'static str, Vec<Phrase>>,
    /// By two letters that a phrase begins with: a bit for each length of its first word.
    beginnings: Vec<u64>,
    unspaced: Vec<(Word, String)>,
    weak: Vec<&'static str>,
    beside: Vec<&'static str>,
    bare: Vec<&'static str>,
    invoices: Vec<&'static str>,
}

struct Phrase {
    word: Word,
    words: Vec<&'static str>,
    is_weak: bool,
}

fn listed(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

impl Known {
    fn get() -> &'static Self {
        static KNOWN: OnceLock<Known> = OnceLock::new();
        KNOWN.get_or_init(Self::made)
    }

    fn made() -> Self {
        let mut known = Self {
            phrases: HashMap::new(),
            beginnings: vec![0; 32 * 32],
            unspaced: Vec::new(),
            weak: listed(WEAK).collect(),
            beside: listed(BESIDE).collect(),
            bare: listed(BARE_BALANCES).collect(),
            invoices: listed(INVOICES).collect(),
        };
        known.bare.sort_unstable();
        known.invoices.sort_unstable();
        known.weak.sort_unstable();
        known.beside.sort_unstable();
        let kinds = [
            Word::Total,
            Word::Subtotal,
            Word::Charge,
            Word::Discount,
            Word::Balance,
        ];
        for (_, words) in LANGUAGES {
            for (word, phrases) in kinds.into_iter().zip(words) {
                listed(phrases).for_each(|phrase| known.add(word, phrase));
            }
        }
        listed(AVERAGES).for_each(|phrase| known.add(Word::Average, phrase));
        for phrases in known.phrases.values_mut() {
            // The longest first, then by kind.
            phrases.sort_by_key(|phrase| (std::cmp::Reverse(phrase.words.len()), phrase.word));
        }
        known
            .unspaced
            .sort_by_key(|(word, phrase)| (std::cmp::Reverse(phrase.len()), *word));
        known
    }

    fn add(&mut self, word: Word, phrase: &'static str) {
        if phrase.chars().any(is_unspaced) {
            self.unspaced.push((word, phrase.to_owned()));
            return;
        }
        let words: Vec<&'static str> = phrase.split(' ').collect();
        let is_weak = self.weak.binary_search(&phrase).is_ok();
        let (at, length) = beginning(words[0].as_bytes());
        self.beginnings[at] |= length;
        let phrases = self.phrases.entry(words[0]).or_default();
        if phrases.iter().all(|other| other.words != words) {
            phrases.push(Phrase {
                word,
                words,
                is_weak,
            });
        }
    }

    /// Whether a text may have a phrase; most names have none, and are told without being cut into words.
    fn may_have_phrase(&self, text: &str) -> bool {
        let mut letters = text.as_bytes().split(|byte| !byte.is_ascii_alphabetic());
        let is_plain = |byte: u8| byte.is_ascii() && !matches!(byte, b'%' | b'.');
        !text.bytes().all(is_plain)
            || letters.any(|word| {
                let (at, length) = beginning(word);
                self.beginnings[at] & length != 0
            })
    }

    /// The longest phrase that some words begin with.
    fn phrase_at(&self, words: &[&str]) -> Option<&Phrase> {
        let phrases = self.phrases.get(*words.first()?)?;
        phrases
            .iter()
            .find(|phrase| words.starts_with(&phrase.words))
    }

    fn is_bare(&self, phrase: &Phrase) -> bool {
        phrase.words.len() == 1 && self.bare.binary_search(&phrase.words[0]).is_ok()
    }

    fn goes_with(&self, word: &str) -> bool {
        self.beside.binary_search(&word).is_ok()
    }
}

/// A word's two first letters as one number below 32 × 32, in small letters or large, and the bit of its length.
fn beginning(word: &[u8]) -> (usize, u64) {
    let letter = |at: usize| usize::from(word.get(at).copied().unwrap_or(0) & 31);
    (letter(0) * 32 + letter(1), 1 << word.len().min(63))
}

/// Thai, Chinese, Japanese, Korean: words follow each other without blanks.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// The words of a label in small letters; digits and signs go.
fn words_of(text: &str) -> String {
    let mut flat = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '%' {
            flat.push_str(" % ");
        } else if c.is_alphabetic() || is_unspaced(c) || is_vowel_sign(c) {
            // A capital I with a dot has a dot more in small letters.
            flat.extend(c.to_lowercase().filter(|&small| small != '\u{307}'));
        } else if c == '.'
            && chars.peek().is_some_and(|next| next.is_alphabetic())
            && flat.chars().next_back().is_some_and(char::is_alphabetic)
        {
            // "m.v.a." is one word.
            if !flat.ends_with(' ')
                && flat
                    .rsplit(' ')
                    .next()
                    .is_some_and(|last| last.chars().count() > 3)
            {
                flat.push(' ');
            }
        } else if !flat.ends_with(' ') {
            flat.push(' ');
        }
    }
    flat
}

/// Whether a label begins with the number of an account, which is not a year: "1200 Opening balance" is one of many accounts.
fn begins_with_account(text: &str) -> bool {
    let digits = text
        .trim_start()
        .split(|c: char| !c.is_ascii_digit())
        .next();
    let digits = digits.unwrap_or_default();
    digits.len() > 2 && !(digits.len() == 4 && ("1900".."2100").contains(&digits))
}

/// Whether digits beside a balance are no day: "Saldo 2024", "Balance Q1". A day is 31.12.2024, or 31 December 2024.
fn has_plain_number(text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let with_digits: Vec<&str> = text
        .split_whitespace()
        .filter(|word| word.contains(is_digit))
        .collect();
    let number = |word: &str| word.trim_matches(['.', ',']).parse::<u32>().ok();
    let is_day = match with_digits[..] {
        [one] => {
            one.split(['.', '-', '/'])
                .filter(|part| part.contains(is_digit))
                .count()
                == 3
        }
        [day, year] => {
            number(day).is_some_and(|day| (1..=31).contains(&day))
                && number(year).is_some_and(|year| (1900..2100).contains(&year))
        }
        _ => false,
    };
    !with_digits.is_empty() && !is_day
}

/// Whether a label of balances says no more than that: no opening, closing or carried forward.
pub fn is_bare_balance(text: &str) -> bool {
    let known = Known::get();
    let flat = words_of(text);
    if flat.chars().any(is_unspaced) {
        return known.bare.binary_search(&flat.trim()).is_ok();
    }
    let words: Vec<&str> = flat.split_ascii_whitespace().collect();
    (0..words.len())
        .filter_map(|at| known.phrase_at(&words[at..]))
        .filter(|phrase| phrase.word == Word::Balance)
        .all(|phrase| known.is_bare(phrase))
}

/// Signs of Devanagari that are no letters of their own.
fn is_vowel_sign(c: char) -> bool {
    matches!(c, '\u{93a}'..='\u{94d}' | '\u{200c}')
}

/// What a label names, and how the word stands in it.
pub fn said(text: &str) -> Option<(Word, How)> {
    if text.len() > 4 * MOST_CHARACTERS
        || text.chars().take(MOST_CHARACTERS + 1).count() > MOST_CHARACTERS
    {
        return None;
    }
    let known = Known::get();
    if !known.may_have_phrase(text) {
        return None;
    }
    let flat = words_of(text);
    if flat.chars().any(is_unspaced) {
        let joined: String = flat.chars().filter(|&c| c != ' ').collect();
        let found = known.unspaced.iter().find(|(_, phrase)| {
            joined.starts_with(phrase.as_str()) || joined.ends_with(phrase.as_str())
        });
        return found.map(|(word, phrase)| {
            let rest = joined.replacen(phrase.as_str(), "", 1);
            let is_alone =
                rest.is_empty() || known.unspaced.iter().any(|(_, other)| rest == *other);
            (*word, if is_alone { How::Alone } else { How::Beside })
        });
    }
    let words: Vec<&str> = flat.split_ascii_whitespace().collect();
    let has_account = begins_with_account(text);
    let mut best: Option<(Word, How)> = None;
    for at in 0..words.len() {
        let Some(phrase) = known.phrase_at(&words[at..]) else {
            continue;
        };
        let is_of_invoice = || {
            has_plain_number(text)
                || words
                    .iter()
                    .any(|word| known.invoices.binary_search(word).is_ok())
        };
        if phrase.word == Word::Balance && known.is_bare(phrase) && is_of_invoice() {
            continue;
        }
        let behind = at + phrase.words.len();
        let is_known = |word: &&str| {
            known.goes_with(word)
                || known
                    .phrases
                    .get(word)
                    .is_some_and(|phrases| phrases.iter().any(|one| one.words.len() == 1))
        };
        let is_alone = !has_account && words[..at].iter().chain(&words[behind..]).all(is_known);
        let how = match (is_alone, phrase.is_weak) {
            (true, _) => How::Alone,
            (false, false) => How::Beside,
            (false, true) if at == 0 || behind == words.len() => How::Weak,
            (false, true) => continue,
        };
        let is_better =
            best.is_none_or(|(word, before)| (how as u8, phrase.word) < (before as u8, word));
        if is_better {
            best = Some((phrase.word, how));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_forty_languages() {
        assert_eq!(LANGUAGES.len(), 40);
        assert!(LANGUAGES.is_sorted_by_key(|(name, _)| name));
        for (_, words) in LANGUAGES {
            for phrase in words.iter().flat_map(|phrases| phrases.split(", ")) {
                assert_eq!(words_of(phrase), phrase, "{phrase}");
                assert_eq!(
                    said(phrase).map(|(_, how)| how),
                    Some(How::Alone),
                    "{phrase}"
                );
            }
        }
    }

    #[rustfmt::skip]
    #[test]
    fn labels_say_what_they_are() {
        for (text, wanted) in [
            ("Grand Total (EUR)", Some((Word::Total, How::Alone))), ("SUMME", Some((Word::Total, How::Alone))),
            ("VAT 20%", Some((Word::Charge, How::Alone))), ("Amount due", Some((Word::Total, How::Alone))),
            ("Sub-total", Some((Word::Subtotal, How::Alone))), ("Sous-total", Some((Word::Subtotal, How::Alone))),
            ("Balance brought forward", Some((Word::Balance, How::Alone))),
            ("Übertrag von Seite 3", Some((Word::Balance, How::Alone))),
            ("Discount 2%", Some((Word::Discount, How::Alone))), ("GENEL TOPLAM", Some((Word::Total, How::Alone))),
            ("İNDİRİM", Some((Word::Discount, How::Alone))), ("סה\"כ", Some((Word::Total, How::Alone))),
            ("合計", Some((Word::Total, How::Alone))), ("Total North", Some((Word::Total, How::Beside))),
            ("Less common goods", Some((Word::Discount, How::Weak))),
            ("1200 Opening balance", Some((Word::Balance, How::Beside))),
            ("2024 Total", Some((Word::Total, How::Alone))),
            ("Saldo per 31.12.2024", Some((Word::Balance, How::Alone))),
            ("Balance 31 March 2024", Some((Word::Balance, How::Alone))), ("Balance invoice 12", None),
            ("Saldo Rechnung", None), ("Saldo 2024", None), ("Saldo Q1", None),
            ("Saldo iniziale 2024", Some((Word::Balance, How::Alone))), ("Miller", None), ("Totally fine", None),
        ] {
            assert_eq!(said(text), wanted, "{text}");
        }
    }
}
