//! The holidays that laws give every country. Names as the country writes them.

use chrono::Weekday::Mon;

use super::{
    Country,
    rules::{
        KeptOn::{self, AlsoMonday, Moved, OnlyIf},
        LONG_WEEKEND, MONDAY_OF_WEEK, NEAR_FRIDAY, NEAR_MONDAY, NEAR_MONDAY_AND_SUNDAY, NEAR_MONDAY_AND_WEEKEND,
        NEAR_MONDAY_IN_COMMON_YEARS, NEAR_MONDAY_NOT_FRIDAY, NEXT_MONDAY, OFF_WEEKEND,
        On::{self, Date, Easter, Nth, Solstice},
        Rule,
    },
};

const fn day(key: &'static str, name: &'static str, on: On) -> Rule {
    Rule::new(key, name, on)
}

const NEW_YEAR: Rule = day("new_year", "Año Nuevo", Date(1, 1));
const CARNIVAL_MONDAY: Rule = day("carnival_monday", "Lunes de Carnaval", Easter(-48));
const CARNIVAL_TUESDAY: Rule = day("carnival_tuesday", "Martes de Carnaval", Easter(-47));
const MAUNDY_THURSDAY: Rule = day("maundy_thursday", "Jueves Santo", Easter(-3));
const GOOD_FRIDAY: Rule = day("good_friday", "Viernes Santo", Easter(-2));
const HOLY_SATURDAY: Rule = day("holy_saturday", "Sábado Santo", Easter(-1));
const CORPUS_CHRISTI: Rule = day("corpus_christi", "Corpus Christi", Easter(60));
const LABOUR_DAY: Rule = day("labour_day", "Día del Trabajo", Date(5, 1));
const ASSUMPTION: Rule = day("assumption", "Asunción de la Virgen", Date(8, 15));
const ALL_SAINTS: Rule = day("all_saints", "Día de Todos los Santos", Date(11, 1));
const ALL_SOULS: Rule = day("all_souls", "Día de los Difuntos", Date(11, 2));
const IMMACULATE: Rule = day("immaculate", "Inmaculada Concepción", Date(12, 8));
const CHRISTMAS: Rule = day("christmas", "Navidad", Date(12, 25));

/// Law 27.399. Not here: what is decreed each year as a bridge, and where a weekend is moved to (decree 614/2025).
const ARGENTINA: &[Rule] = &[
    NEW_YEAR,
    CARNIVAL_MONDAY,
    CARNIVAL_TUESDAY,
    day("memory", "Día Nacional de la Memoria por la Verdad y la Justicia", Date(3, 24)),
    day("malvinas", "Día del Veterano y de los Caídos en la Guerra de Malvinas", Date(4, 2)),
    MAUNDY_THURSDAY.optional(),
    GOOD_FRIDAY,
    LABOUR_DAY,
    day("may_revolution", "Día de la Revolución de Mayo", Date(5, 25)),
    day("guemes", "Paso a la Inmortalidad del Gral. Martín Güemes", Date(6, 17)).kept(NEAR_MONDAY_NOT_FRIDAY),
    day("belgrano", "Paso a la Inmortalidad del Gral. Manuel Belgrano", Date(6, 20)),
    day("independence", "Día de la Independencia", Date(7, 9)),
    day("san_martin", "Paso a la Inmortalidad del Gral. José de San Martín", Date(8, 17)).kept(NEAR_MONDAY),
    day("diversity", "Día del Respeto a la Diversidad Cultural", Date(10, 12)).kept(NEAR_MONDAY),
    day("sovereignty", "Día de la Soberanía Nacional", Date(11, 20)).kept(NEAR_MONDAY),
    IMMACULATE,
    CHRISTMAS,
];

/// Supreme decrees 21060, 22352, 0173, 0405 and 2750 (a Sunday is kept on Monday too).
const BOLIVIA: &[Rule] = &[
    NEW_YEAR.kept(AlsoMonday),
    day("plurinational_state", "Día del Estado Plurinacional", Date(1, 22)).kept(AlsoMonday),
    CARNIVAL_MONDAY,
    CARNIVAL_TUESDAY,
    GOOD_FRIDAY,
    LABOUR_DAY.kept(AlsoMonday),
    CORPUS_CHRISTI,
    day("aymara_new_year", "Año Nuevo Andino Amazónico", Date(6, 21)).kept(AlsoMonday),
    day("independence", "Día de la Independencia", Date(8, 6)).kept(AlsoMonday),
    ALL_SOULS,
    CHRISTMAS.kept(AlsoMonday),
];

/// Laws 662/1949, 6.802/1980, 9.093/1995 and 14.759/2023. Carnival and Corpus Christi are optional days.
const BRAZIL: &[Rule] = &[
    day("new_year", "Confraternização Universal", Date(1, 1)),
    day("carnival_monday", "Segunda-feira de Carnaval", Easter(-48)).optional(),
    day("carnival_tuesday", "Terça-feira de Carnaval", Easter(-47)).optional(),
    day("good_friday", "Sexta-feira Santa", Easter(-2)),
    day("tiradentes", "Tiradentes", Date(4, 21)),
    day("labour_day", "Dia do Trabalhador", Date(5, 1)),
    day("corpus_christi", "Corpus Christi", Easter(60)).optional(),
    day("independence", "Independência do Brasil", Date(9, 7)),
    day("aparecida", "Nossa Senhora Aparecida", Date(10, 12)),
    day("all_souls", "Finados", Date(11, 2)),
    day("republic", "Proclamação da República", Date(11, 15)),
    day("black_awareness", "Dia Nacional de Zumbi e da Consciência Negra", Date(11, 20)).since(2024),
    day("christmas", "Natal", Date(12, 25)),
];

/// Laws 2.977, 19.668, 20.148, 20.215, 20.299, 20.983 and 21.357.
const CHILE: &[Rule] = &[
    NEW_YEAR,
    day("new_year_monday", "Feriado adicional de Año Nuevo", Date(1, 2)).kept(ONLY_MONDAY),
    GOOD_FRIDAY,
    HOLY_SATURDAY,
    LABOUR_DAY,
    day("navy", "Día de las Glorias Navales", Date(5, 21)),
    day("indigenous_peoples", "Día Nacional de los Pueblos Indígenas", Solstice),
    day("peter_and_paul", "San Pedro y San Pablo", Date(6, 29)).kept(MONDAY_OF_WEEK),
    day("carmen", "Virgen del Carmen", Date(7, 16)),
    ASSUMPTION,
    day("fatherland_before", "Feriado adicional de Fiestas Patrias (17)", Date(9, 17))
        .kept(OnlyIf([true, false, false, false, true, false, false])),
    day("independence", "Independencia Nacional", Date(9, 18)),
    day("army", "Día de las Glorias del Ejército", Date(9, 19)),
    day("fatherland_after", "Feriado adicional de Fiestas Patrias (20)", Date(9, 20))
        .kept(OnlyIf([false, false, false, false, true, false, false])),
    day("two_worlds", "Día del Encuentro de Dos Mundos", Date(10, 12)).kept(MONDAY_OF_WEEK),
    day("protestant_churches", "Día de las Iglesias Evangélicas y Protestantes", Date(10, 31)).kept(NEAR_FRIDAY),
    ALL_SAINTS,
    IMMACULATE,
    CHRISTMAS,
];
const ONLY_MONDAY: KeptOn = OnlyIf([true, false, false, false, false, false, false]);

/// Law 51 of 1983 (Emiliani) and law 2578 of 2026.
const COLOMBIA: &[Rule] = &[
    NEW_YEAR,
    day("epiphany", "Día de los Reyes Magos", Date(1, 6)).kept(NEXT_MONDAY),
    day("joseph", "Día de San José", Date(3, 19)).kept(NEXT_MONDAY),
    MAUNDY_THURSDAY,
    GOOD_FRIDAY,
    LABOUR_DAY,
    day("ascension", "Ascensión del Señor", Easter(43)),
    day("corpus_christi", "Corpus Christi", Easter(64)),
    day("sacred_heart", "Sagrado Corazón de Jesús", Easter(71)),
    day("peter_and_paul", "San Pedro y San Pablo", Date(6, 29)).kept(NEXT_MONDAY),
    day("chiquinquira", "Virgen de Chiquinquirá", Date(7, 9)).kept(NEXT_MONDAY).since(2026),
    day("independence", "Día de la Independencia", Date(7, 20)),
    day("boyaca", "Batalla de Boyacá", Date(8, 7)),
    ASSUMPTION.kept(NEXT_MONDAY),
    day("diversity", "Día de la Diversidad Étnica y Cultural", Date(10, 12)).kept(NEXT_MONDAY),
    ALL_SAINTS.kept(NEXT_MONDAY),
    day("cartagena", "Independencia de Cartagena", Date(11, 11)).kept(NEXT_MONDAY),
    IMMACULATE,
    CHRISTMAS,
];

/// Labour code, article 148; the moves of law 9875 ended in 2024. Optional: what need not be paid.
const COSTA_RICA: &[Rule] = &[
    NEW_YEAR,
    MAUNDY_THURSDAY,
    GOOD_FRIDAY,
    day("juan_santamaria", "Día de Juan Santamaría", Date(4, 11)),
    LABOUR_DAY,
    day("nicoya", "Anexión del Partido de Nicoya", Date(7, 25)),
    day("angels", "Virgen de los Ángeles", Date(8, 2)).optional(),
    day("mothers_day", "Día de la Madre", Date(8, 15)),
    day("black_culture", "Día de la Persona Negra y la Cultura Afrocostarricense", Date(8, 31)).optional(),
    day("independence", "Día de la Independencia", Date(9, 15)),
    day("army_abolition", "Día de la Abolición del Ejército", Date(12, 1)).optional(),
    CHRISTMAS,
];

/// Law 139-97. Restoration Day stays where it is in years of a new government.
const DOMINICAN_REPUBLIC: &[Rule] = &[
    NEW_YEAR,
    day("epiphany", "Día de los Santos Reyes", Date(1, 6)).kept(NEAR_MONDAY),
    day("altagracia", "Día de la Altagracia", Date(1, 21)),
    day("duarte", "Día de Duarte", Date(1, 26)).kept(NEAR_MONDAY),
    day("independence", "Día de la Independencia", Date(2, 27)),
    GOOD_FRIDAY,
    LABOUR_DAY.kept(NEAR_MONDAY_AND_SUNDAY),
    CORPUS_CHRISTI,
    day("restoration", "Día de la Restauración", Date(8, 16)).kept(NEAR_MONDAY_IN_COMMON_YEARS),
    day("mercedes", "Día de las Mercedes", Date(9, 24)),
    day("constitution", "Día de la Constitución", Date(11, 6)).kept(NEAR_MONDAY),
    CHRISTMAS,
];

/// Labour code, article 65, and the law of 20 December 2016 (the rest is moved, not the celebration). All Souls and Cuenca share a
/// long weekend.
const ECUADOR: &[Rule] = &[
    NEW_YEAR.kept(OFF_WEEKEND),
    CARNIVAL_MONDAY,
    CARNIVAL_TUESDAY,
    GOOD_FRIDAY,
    LABOUR_DAY.kept(LONG_WEEKEND),
    day("pichincha", "Batalla de Pichincha", Date(5, 24)).kept(LONG_WEEKEND),
    day("quito", "Primer Grito de Independencia", Date(8, 10)).kept(LONG_WEEKEND),
    day("guayaquil", "Independencia de Guayaquil", Date(10, 9)).kept(LONG_WEEKEND),
    ALL_SOULS.kept(Moved([0, 0, 2, 0, 0, -1, 2])),
    day("cuenca", "Independencia de Cuenca", Date(11, 3)).kept(Moved([0, 0, 0, 0, 0, 0, 1])),
    CHRISTMAS.kept(OFF_WEEKEND),
];

/// Workers' statute, article 37.2, and royal decree 2001/1983: what no community replaces. A Sunday may be moved by each of them.
const SPAIN: &[Rule] = &[
    NEW_YEAR,
    day("epiphany", "Epifanía del Señor", Date(1, 6)),
    GOOD_FRIDAY,
    day("labour_day", "Fiesta del Trabajo", Date(5, 1)),
    ASSUMPTION,
    day("national_day", "Fiesta Nacional de España", Date(10, 12)),
    ALL_SAINTS,
    day("constitution", "Día de la Constitución", Date(12, 6)),
    IMMACULATE,
    day("christmas", "Natividad del Señor", Date(12, 25)),
];

/// Labour code, article 127; decree 19-2018 as the Constitutional Court left it (case 5536-2018): only Army Day moves.
const GUATEMALA: &[Rule] = &[
    NEW_YEAR,
    MAUNDY_THURSDAY,
    GOOD_FRIDAY,
    HOLY_SATURDAY,
    LABOUR_DAY,
    day("army", "Día del Ejército", Date(6, 30)).kept(NEAR_MONDAY_AND_WEEKEND),
    day("assumption", "Día de la Asunción (Ciudad de Guatemala)", Date(8, 15)),
    day("independence", "Día de la Independencia", Date(9, 15)),
    day("revolution", "Día de la Revolución", Date(10, 20)),
    ALL_SAINTS,
    CHRISTMAS,
];

/// Federal labour law, article 74. Election days are named by other laws.
const MEXICO: &[Rule] = &[
    NEW_YEAR,
    day("constitution", "Día de la Constitución", Nth(1, Mon, 2)),
    day("juarez", "Natalicio de Benito Juárez", Nth(3, Mon, 3)),
    LABOUR_DAY,
    day("independence", "Día de la Independencia", Date(9, 16)),
    day("government", "Transmisión del Poder Ejecutivo Federal", Date(10, 1)).since(2024).every(6),
    day("revolution", "Día de la Revolución", Nth(3, Mon, 11)),
    CHRISTMAS,
];

/// Labour code, articles 46 and 47 (a Sunday is kept on Monday too).
const PANAMA: &[Rule] = &[
    NEW_YEAR.kept(AlsoMonday),
    day("martyrs", "Día de los Mártires", Date(1, 9)).kept(AlsoMonday),
    CARNIVAL_TUESDAY,
    GOOD_FRIDAY,
    LABOUR_DAY.kept(AlsoMonday),
    day("government", "Toma de posesión del Presidente", Date(7, 1)).since(2024).every(5),
    day("separation", "Separación de Panamá de Colombia", Date(11, 3)).kept(AlsoMonday),
    day("colon", "Día de Colón", Date(11, 5)).kept(AlsoMonday),
    day("first_cry", "Primer Grito de Independencia", Date(11, 10)).kept(AlsoMonday),
    day("independence", "Independencia de Panamá de España", Date(11, 28)).kept(AlsoMonday),
    day("mothers_day", "Día de la Madre", Date(12, 8)).kept(AlsoMonday),
    day("mourning", "Día de Duelo Nacional", Date(12, 20)).kept(AlsoMonday),
    CHRISTMAS.kept(AlsoMonday),
];

/// Legislative decree 713 and laws 31381, 31530, 31788 and 31822.
const PERU: &[Rule] = &[
    NEW_YEAR,
    MAUNDY_THURSDAY,
    GOOD_FRIDAY,
    LABOUR_DAY,
    day("flag", "Batalla de Arica y Día de la Bandera", Date(6, 7)),
    day("peter_and_paul", "San Pedro y San Pablo", Date(6, 29)),
    day("air_force", "Día de la Fuerza Aérea del Perú", Date(7, 23)),
    day("independence", "Fiestas Patrias", Date(7, 28)),
    day("independence_second", "Fiestas Patrias (segundo día)", Date(7, 29)),
    day("junin", "Batalla de Junín", Date(8, 6)),
    day("rose_of_lima", "Santa Rosa de Lima", Date(8, 30)),
    day("angamos", "Combate de Angamos", Date(10, 8)),
    ALL_SAINTS,
    IMMACULATE,
    day("ayacucho", "Batalla de Ayacucho", Date(12, 9)),
    CHRISTMAS,
];

/// Laws 8/90, 4.531/11 and 7.544/2025. What is moved is decreed each year.
const PARAGUAY: &[Rule] = &[
    NEW_YEAR,
    day("heroes", "Día de los Héroes", Date(3, 1)),
    MAUNDY_THURSDAY,
    GOOD_FRIDAY,
    LABOUR_DAY,
    day("national_day", "Independencia Nacional (14 de mayo)", Date(5, 14)),
    day("independence", "Independencia Nacional (15 de mayo)", Date(5, 15)),
    day("chaco", "Paz del Chaco", Date(6, 12)),
    day("constitution", "Jura de la Constitución Nacional", Date(6, 20)).since(2026),
    day("foundation", "Fundación de Asunción", Date(8, 15)),
    day("boqueron", "Victoria de Boquerón", Date(9, 29)),
    day("caacupe", "Virgen de Caacupé", Date(12, 8)),
    CHRISTMAS,
];

/// Laws 14.977 and 16.805. Optional: those on which one may work.
const URUGUAY: &[Rule] = &[
    NEW_YEAR,
    day("children", "Día de los Niños", Date(1, 6)).optional(),
    CARNIVAL_MONDAY.optional(),
    CARNIVAL_TUESDAY.optional(),
    day("maundy_thursday", "Jueves de Turismo", Easter(-3)).optional(),
    day("good_friday", "Viernes de Turismo", Easter(-2)).optional(),
    day("thirty_three", "Desembarco de los 33 Orientales", Date(4, 19)).kept(NEAR_MONDAY).optional(),
    day("labour_day", "Día de los Trabajadores", Date(5, 1)),
    day("las_piedras", "Batalla de Las Piedras", Date(5, 18)).kept(NEAR_MONDAY).optional(),
    day("artigas", "Natalicio de Artigas", Date(6, 19)).optional(),
    day("constitution", "Jura de la Constitución", Date(7, 18)),
    day("independence", "Declaratoria de la Independencia", Date(8, 25)),
    day("diversity", "Día de la Diversidad Cultural", Date(10, 12)).kept(NEAR_MONDAY).optional(),
    ALL_SOULS.optional(),
    day("christmas", "Día de la Familia", Date(12, 25)),
];

/// Labour law (LOTTT) of 2012, article 184, and the law of national days.
const VENEZUELA: &[Rule] = &[
    NEW_YEAR,
    CARNIVAL_MONDAY,
    CARNIVAL_TUESDAY,
    MAUNDY_THURSDAY,
    GOOD_FRIDAY,
    day("declaration", "Declaración de la Independencia", Date(4, 19)),
    LABOUR_DAY,
    day("carabobo", "Batalla de Carabobo", Date(6, 24)),
    day("independence", "Día de la Independencia", Date(7, 5)),
    day("bolivar", "Natalicio del Libertador", Date(7, 24)),
    day("resistance", "Día de la Resistencia Indígena", Date(10, 12)),
    day("christmas_eve", "Víspera de Navidad", Date(12, 24)),
    CHRISTMAS,
    day("new_years_eve", "Fin de Año", Date(12, 31)),
];

impl Country {
    /// All, by code.
    pub const ALL: [Self; 16] = [
        Self::Ar,
        Self::Bo,
        Self::Br,
        Self::Cl,
        Self::Co,
        Self::Cr,
        Self::Do,
        Self::Ec,
        Self::Es,
        Self::Gt,
        Self::Mx,
        Self::Pa,
        Self::Pe,
        Self::Py,
        Self::Uy,
        Self::Ve,
    ];

    pub(super) const fn rules(self) -> &'static [Rule] {
        match self {
            Self::Ar => ARGENTINA,
            Self::Bo => BOLIVIA,
            Self::Br => BRAZIL,
            Self::Cl => CHILE,
            Self::Co => COLOMBIA,
            Self::Cr => COSTA_RICA,
            Self::Do => DOMINICAN_REPUBLIC,
            Self::Ec => ECUADOR,
            Self::Es => SPAIN,
            Self::Gt => GUATEMALA,
            Self::Mx => MEXICO,
            Self::Pa => PANAMA,
            Self::Pe => PERU,
            Self::Py => PARAGUAY,
            Self::Uy => URUGUAY,
            Self::Ve => VENEZUELA,
        }
    }
}
