//! Words of people's names, and of what is no person, folded; all that is known of a word is looked up at once.

use std::collections::HashMap;
use std::sync::LazyLock;

/// First names that are hardly ever last names.
pub const GIVEN: u16 = 1;
/// Last names that are hardly ever first names.
pub const LAST: u16 = 2;
/// Last names that stand in front, in a language that writes names so: China, Korea, Vietnam, Japan.
pub const EAST: u16 = 4;
/// Last names of Hungary, where they stand in front.
pub const HUNGARIAN: u16 = 8;
/// Small words that belong to the last name behind them.
pub const PARTICLE: u16 = 16;
/// Those of Spain and Portugal, where another last name may stand before them.
pub const IBERIAN: u16 = 32;
/// What stands before a name and is no part of it.
pub const TITLE: u16 = 64;
/// Titles before a last name alone: "Mr Lee"; behind others a first name may stand alone: "Sir Elton".
pub const OF_LAST: u16 = 128;
/// What stands behind a name and is no part of it.
pub const SUFFIX: u16 = 256;
/// Words of companies, departments and places, which no person is called by.
pub const NO_PERSON: u16 = 512;
/// First names that many people have as a last name, too.
pub const BOTH: u16 = 1024;
/// Last names of Spanish and Portuguese, of which people have two.
pub const OF_TWO: u16 = 2048;

/// What is known of a folded word, as bits.
pub fn known(word: &str) -> u16 {
    WORDS.get(word).copied().unwrap_or(0)
}

static WORDS: LazyLock<HashMap<&str, u16>> = LazyLock::new(|| {
    let mut words = HashMap::new();
    for (bits, list) in LISTS {
        for word in list.split_ascii_whitespace() {
            *words.entry(word).or_default() |= bits;
        }
    }
    words
});

/// Two words, each of which may be a name, that are none together; folded.
pub const NO_PEOPLE: [&str; 14] = [
    "petty cash",
    "cash sale",
    "golden gate",
    "red cross",
    "rotes kreuz",
    "main street",
    "high street",
    "walk in",
    "open order",
    "day off",
    "new hire",
    "spare part",
    "night guard",
    "front office",
];

const LISTS: &[(u16, &str)] = &[
    (
        GIVEN,
        "aaron abigail adam adele adrian adriana agata agnes agnieszka ahmed ahmet aisha alan albert alberto alejandra alejandro \
        aleksandr aleksandra alessandro alessandra alex alexandra alexandre alexei alexey alfonso alfred alfredo ali alice alicia alina amanda \
        amelie amina amy ana anastasia anders andrea andreas andreea andrei andres andrew andrey andrzej angela angelika angelina anita anja \
        ann anna anne annette annika antoine anton antonio arjun arnold arthur artur asa astrid audrey barbara bart beata beatrice beatriz \
        benjamin bernd bernhard bianca bill birgit bjorn bob brian bridget brigitte camille carla carlos carmen carol carolina caroline \
        catherine cecilia celine charlotte chiara chloe chris christian christiane christina christine christoph christopher claire clara claudia claudio \
        claus concepcion conchita cristina cristian daniela danielle danuta dariusz debora deborah deepa deepak denis denise dennis diana \
        diego dieter dimitri dimitrios dirk dmitri dmitry dominik dominique donald dora doris dorota dorothea eduardo edward ekaterina elena eleni elisa \
        elisabeth elizabeth elke ella ellen elsa emil emilia emily emma eric erik erika esther eva evelyn ewa fabian fabio fatima \
        federico felipe felix fernanda fernando fiona florence florian francesca francesco francisca francisco francois francoise frank \
        franz frederic frederik friedrich fritz gabriele gabriella gary geoffrey georgia gerard gerhard gertrud giorgio giovanni giulia \
        giuseppe gloria grace graham greta guido guillaume guillermo gunter gustav hanna hannah hans harald heather heidi heike heiko heinrich heinz helen \
        helena helene helga helmut hendrik henrik hermann hilde hillary holger horst hugo ian ignacio ilse ines ingo ingrid irena irene irina isabel isabella \
        isabelle ivan ivana jacek jacqueline jacques jakub jan jana jane janet janina janusz javier jean jeanne jeff jeffrey jennifer \
        jens jeremy jesper jessica jill jim jimmy joan joana joanna joao joaquin joe joel johan johann johanna johannes jonas jorg jorge \
        jose josef josefa josefina joshua josip juan juana judith julia julian juliana julie julien jurgen justyna jutta kai karen karin karl karla \
        karolina katarina katarzyna kate katharina katherine kathleen kathrin kathryn katja keiko keith ken kenneth kevin klaus konrad \
        krisztina krzysztof kristina kurt larry lars laszlo laura laurent leila lena leon leonie leonor liam linda lisa liv livia lorenzo lothar lotte louise lourdes luca \
        lucas lucia lucie lucy ludwig luigi luis luisa luiza lukas lukasz magdalena magnus mai maja malgorzata manfred manuel manuela marcel marcelo \
        marcin marco marcos marcus marek margaret margarita margot maria mariana marie marina mario marion mark markus marta martha martina martine mary maryam \
        mateusz mathieu mathilde matteo matthew matthias matthieu maurizio max maximilian maxime mechthild megan mehmet mei melanie mercedes mia michael michaela michal \
        michel michele michelle miguel mikhail milan milena miriam mohamed mohammed monica monika monique muhammad nadia natalia \
        natalie natasha nathalie nicholas nick nicola nicolas nicole nikolai nikolaus nikos nina nora norbert norma olaf olena olga oliver olivia olivier \
        oscar oskar otto pablo paola paolo pascal patricia patrick paula pauline pavel pawel pedro pedrinho penelope per petar peter petra philip \
        philipp philippe pierre pilar piotr priya rachel rafael rahul rainer ralf ralph ramon raquel raul rebecca reinhard renata renate \
        ricardo richard rita robert roberto rodrigo roland rolf roman ronald rosa rosario rose rosemary rudolf ruth sabine sabrina sally samantha samuel sandra \
        sanjay sara sarah sebastian sergei sergey sergio sharon sigrid silke silvia simone sofia soledad sonia sophie stefan stefanie stefano steffen stephane stephanie stephen steve \
        steven sunita susan susana susanne suzanne sven svenja svetlana sylvia sylvie tanja tatiana teresa theo theodor theresa thierry tim timothy tina tobias tomas \
        tomasz tony torsten ulla ulrich ulrike ursula ute uwe valentina valerie vanessa vera veronica veronika victoria viktor viktoria vincent virginia virginie \
        vladimir vladislav volker wanda werner wiebke wilhelm willem wolfgang xavier yannick yasmin yolanda yuri yvonne yves zofia zoe zuzana \
        alasdair aoife avery brendan ciara conor eamon eoin maeve mairead niamh niall oisin padraig roisin saoirse sean seamus sinead siobhan maire una \
        balazs bela csaba eszter ferenc gabor gergely gyorgy gyula imre istvan janos jozsef judit katalin lajos miklos peti sandor szilvia tibor timea zoltan zsofia zsuzsanna aniko tamas \
        bao huong linh lan \
        recep tayyip emre burak murat mustafa zeynep ayse elif fatma hakan selin deniz can omer \
        ramesh suresh rajesh mahesh amit anil vijay ravi indira lakshmi sunil arun ashok mohan raj ram lata meena kiran neha pooja vikram rohit virat sachin narendra mahendra \
        henrique inacio luciano thiago tiago bruna vitoria antonia joaquim estevao edson cristiano leonardo gian pier angelo massimo alberta domenico salvatore raffaele carlo enzo \
        ion ioana mihai vasile dumitru elisabeta gheorghe bogdan radu florin \
        willy friso kees pieter joris maarten sjoerd bram daan saskia femke anouk wim sander thijs jeroen marijke els \
        lill astri ragnhild ingeborg solveig gunnar leif knut hakon haakon nils lennart ake bo kerstin birgitta ulf gudrun \
        abigail eliza harriet jasmine keira madeleine naomi phoebe rhys ewan fraser hamish angus gareth dylan bryn cerys \
        ngozi chinua kofi ama kwesi nelson thabo sipho nomvula amara chidi tunde ayo babatunde oluwaseun emeka \
        luc rene yves gilles benoit didier fabrice olivier sylvain clement agathe elodie manon lea noemie ines thibault gaston marcel lucien colette odile solange \
        akira hiroshi haruki kenji takashi yuki yoko naoko satoshi taro hanako sakura haruto makoto \
        иван мария анна елена ольга татьяна наталья ирина светлана сергей андрей алексей дмитрий владимир николай михаил александр юрий \
        екатерина анастасия юлия марина павел олег игорь максим виктор константин валентин валентина кристина алина полина нина мартин дарина софия иван василий федор григорий тамара людмила любовь надежда вера зоя илья никита артем кирилл денис георгий вадим станислав ярослав оксана ірина марія ганна юлія микола василь дмитро андрій георги димитър стоян \
        яков дарья роман петр петро олександр олена наталія тетяна андрій сергій володимир тарас богдан антонина галина екатерина регина карина арина",
    ),
    (
        GIVEN | BOTH,
        "alexander andrew anthony arthur charles david daniel elias francis gabriel george gilbert gregory henry herbert james \
        jesus joel john joseph kim lee leslie louis martin nathan neil norman paul philip raymond ray roy simon stephen thomas \
        walter william abraham mathew joy ernst omar hassan hussein ibrahim khalid mahmoud mustafa osman salman yusuf abdullah \
        bilal karim rashid marcos vera oliver leo max tom jack harry vincent victor roman leon",
    ),
    (
        BOTH,
        "allen austin barry blake bruce cameron carter clark craig douglas duncan glen gordon graham grant harris harvey howard \
        jackson jordan kelly lewis lloyd logan marshall mason miles mitchell morgan murray nelson noah owen parker perry reid \
        ross russell ryan samson santiago scott sidney spencer stanley stewart stuart taylor terry todd tyler vernon wallace \
        warren wayne young conrad said salem",
    ),
    (
        LAST,
        "smith johnson williams jones brown davis miller wilson anderson moore white thompson robinson walker wright hill green baker adams \
        campbell roberts evans edwards collins cook rogers cooper richardson watson brooks wood bennett hughes clarke shaw o'brien o'connor o'neill murphy \
        muller mueller schmidt schneider fischer weber meyer maier mayer schulz hoffmann bauer schafer koch richter wolff schroder neumann schwarz zimmermann braun \
        kruger hofmann hartmann lange schmitt krause lehmann kohler herrmann konig huber kaiser fuchs peters scholz weiss jung hahn vogel keller gunther berger \
        dupont durand dubois moreau lefebvre leroy roux fournier girard bonnet lambert fontaine rousseau mercier boyer chevalier gauthier perrin morel dumont \
        rossi russo ferrari esposito bianchi romano colombo ricci marino greco bruno gallo conti costa giordano mancini rizzo lombardi moretti \
        jansen jong vries bakker visser smit meijer mulder boer dekker dijkstra peeters janssens maes jacobs mertens claes \
        hansen johansen olsen larsen andersen pedersen nilsen kristiansen jensen karlsen nielsen christensen rasmussen sorensen johansson andersson karlsson nilsson eriksson larsson \
        olsson persson svensson gustafsson virtanen korhonen makinen nieminen makela laine heikkinen \
        nowak kowalski kowalska wisniewski wojcik kowalczyk kaminski lewandowski zielinski szymanski wozniak kozlowski jankowski mazur krawczyk \
        novak novakova svoboda dvorak cerny prochazka kucera horvat kovacevic babic maric juric petrovic jovanovic nikolic markovic djordjevic \
        popescu ionescu popa radu dumitru stan stoica gheorghe ivanov petrov sidorov smirnov kuznetsov popov sokolov lebedev kozlov novikov morozov volkov \
        yilmaz kaya demir sahin celik yildiz yildirim ozturk aydin ozdemir arslan dogan kilic papadopoulos \
        sharma gupta verma patel shah mehta iyer nair reddy rao agarwal kaur chatterjee banerjee mukherjee",
    ),
    (
        LAST | OF_TWO,
        "garcia rodriguez gonzalez fernandez lopez martinez sanchez perez gomez jimenez ruiz hernandez diaz moreno munoz alvarez romero alonso \
        gutierrez navarro torres dominguez vazquez ramos gil ramirez serrano blanco molina morales suarez ortega delgado castro ortiz rubio marin sanz \
        nunez iglesias medina garrido cortes castillo santos lozano guerrero cano prieto mendez cruz flores herrera rojas vargas mendoza aguilar reyes \
        silva santos ferreira pereira oliveira costa rodrigues martins jesus sousa souza fernandes goncalves gomes lopes marques alves almeida ribeiro pinto \
        carvalho teixeira moreira correia mendes nunes soares vieira monteiro cardoso rocha raposo neves coelho cunha pires araujo lima barbosa nascimento \
        marquez zapatero bolivar allende borges vega leon",
    ),
    (
        EAST,
        "wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin gao luo zheng liang xie tang song han feng deng cao peng zeng xiao tian dong \
        pan yuan cai jiang yu du ye cheng wei su lu ding ren shen yao lv zhong cui tan lu fan jin shi liao jia xia fu fang zou xiong meng qin qiu hou bai mao \
        jiang yan xue lei duan xi hao kong mo xing shao wan qian dai chang tsai hsu hsieh kuo chou cheung chan wong lam ng leung kwok lau kwan ouyang situ sima zhuge ho \
        tsang tse yip yeung chow cheng poon siu mak lo choi kang \
        kim lee park choi jung jeong kang cho jo yoon yun jang lim im oh seo shin kwon hwang ahn an song ryu yoo hong jeon ko go moon son yang bae baek nam heo no noh roh \
        nguyen tran pham huynh hoang phan vu vo dang bui do ngo duong ly le dinh trinh truong lam mai luong cao dao",
    ),
    (
        EAST | LAST,
        "nguyen tran pham huynh sato suzuki takahashi tanaka watanabe ito yamamoto nakamura kobayashi kato yoshida yamada sasaki yamaguchi matsumoto inoue kimura hayashi shimizu \
        yamazaki ikeda hashimoto abe mori ishikawa yamashita ogawa ishii hasegawa goto okada kondo maeda fujita aoki sakamoto murakami endo fujii nishimura \
        fukuda ota miura takeuchi matsuda nakagawa okamoto harada nakajima nakano tamura ono kurosawa miyazaki toyoda honda ishiguro",
    ),
    (
        HUNGARIAN | LAST,
        "nagy kovacs toth szabo horvath varga kiss molnar nemeth farkas balogh papp takacs juhasz lakatos meszaros olah racz fekete szilagyi torok feher \
        gal kis szucs kocsis orsos pinter fodor szalai sipos magyar lukacs gulyas biro kiraly laszlo bogdan somogyi orban petofi bartok",
    ),
    (
        PARTICLE,
        "van von der den ter ten te 't zu zum zur vom vander vanden af av al el bin ibn bint ben abu bar mac mc nic ni ui o fitz ap ab st saint le la lo di della dello degli dal dalla du des d' da del",
    ),
    (PARTICLE | IBERIAN, "de do dos das del da los las"),
    (
        TITLE | OF_LAST,
        "mr mrs ms miss mister mx herr hr frau fr fraulein dr doctor doktor med phil jur ing dipl-ing dipl mag prof professor univ-prof priv-doz pd mme madame monsieur mlle mademoiselle me \
        sr sra srta senor senora senorita dott dottssa dottore ing avv rag geom sig sigra signor signora dhr mevr mw mevrouw ir drs pan pani mgr inz ing judr mudr rndr phdr bc \
        g-n g-zha gospodin gospodja hon rev reverend capt captain col colonel lt sgt maj gen cpl cmdr judge justice senator rep shri smt sri kum bay bayan hrn \
        г-н г-жа господин госпожа д-р проф κ κα κος dra profa eng arq lic dep",
    ),
    (
        TITLE,
        "graf grafin baron baroness freiherr sir dame lord lady don dona father fr sister brother br imam sheikh sheik hajj haji rabbi maestro ustad pandit",
    ),
    (
        SUFFIX,
        "jr junior jun sr senior sen ii iii iv phd ph.d md m.d esq mba msc bsc llm llb dds dvm cpa cfa rn pmp pe ma ba ms bs m.a b.a m.s b.s m.sc b.sc meng beng jd ed.d edd psyd pharmd mph mpa msw obe mbe cbe kbe frcs \
        dipl-ing dipl-kfm facs ret csc do acca fca qc kc mp sj osb neto filho junior sobrinho san sama",
    ),
    (
        NO_PERSON,
        "gmbh mbh kg ag ltd limited llc llp inc incorporated corp corporation co company plc bv nv sarl sas sa spa srl sro a/s aps oy oyj ab as kft zrt nyrt ltda lda eirl eurl sc sp zoo sicav ug ohg gbr \
        ev e.v ooo oao zao pao оoo ооо зао ао пао оао ип тов gruppe group holding holdings partners partner associates international global services service solutions systems systeme \
        technologies technology consulting consultants industries industrie enterprises trading logistics logistik transport transporte transports spedition bau construction engineering software hardware \
        bank banque banco banca sparkasse versicherung insurance university universitat universite universidad universita college school schule ecole escuela hospital klinik clinic klinikum krankenhaus \
        apotheke pharmacy hotel restaurant cafe bakery backerei metzgerei praxis kanzlei institut institute instituto foundation stiftung association verein verband club council \
        ministry ministerium amt stadt gemeinde landkreis city county department dept abteilung abt team accounting buchhaltung rechnungswesen finance finanzen controlling verwaltung administration admin office buro sekretariat \
        marketing vertrieb verkauf einkauf purchasing procurement sales support helpdesk hotline kundenservice kundendienst empfang reception lager warehouse produktion production personal personalabteilung personnel \
        resources ressources humaines recursos humanos payroll payable receivable accounts geschaftsfuhrung geschaftsleitung management direction direktion vorstand board hausmeister facility zentrale headquarters filiale niederlassung branch \
        unknown unbekannt n/a na tbd tba various diverse divers test user guest gast nobody anonymous anonym kunde customer client lieferant supplier vendor employee mitarbeiter vacant vakant offen \
        the deutsche deutscher deutsches national royal united general european europaische federal bundes federation union society gesellschaft genossenschaft cooperative compagnie compania sociedad societe societa \
        total summe subtotal und/oder comptabilite contabilidad contabilita ventes ventas ufficio servizio oficina departamento departement afdeling avdelning dzial biuro отдел бухгалтерия общество компания \
        cola motors airlines railways energy power electric electronics foods pharma media press verlag publishing studio studios gallery museum parish kirche trust fund capital ventures investments immobilien real estate \
        desk comune municipio ayuntamiento mairie gemeente kommune shift schicht center centre zentrum position positions contractor subcontractor worker crew applicable \
        eheleute familie family stelle vacancy unassigned visitor besucher kitchen kuche canteen kantine kasse cashier caja helfer aushilfe temp trainee praktikant azubi intern",
    ),
];
