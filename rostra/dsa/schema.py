"""The schema of the European Union's transparency database, as it is since July 2025: fields, their values and limits.

Names and rules are those of the database's own validation (github.com/digital-services-act/transparency-database, state
of 24 June 2026). Nothing here knows of Rostra's decisions; `statement` fills the fields, `validate` holds them to this.
"""

from __future__ import annotations

from datetime import date
from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _each(prefix: str, names: str) -> tuple[str, ...]:
    return tuple(f"{prefix}_{name}" for name in _words(names))


VISIBILITIES: Final = (
    *_each("DECISION_VISIBILITY_CONTENT", "REMOVED DISABLED DEMOTED AGE_RESTRICTED INTERACTION_RESTRICTED LABELLED"),
    "DECISION_VISIBILITY_OTHER",
)
MONETARIES: Final = _each("DECISION_MONETARY", "SUSPENSION TERMINATION OTHER")
PROVISIONS: Final = _each(
    "DECISION_PROVISION", "PARTIAL_SUSPENSION TOTAL_SUSPENSION PARTIAL_TERMINATION TOTAL_TERMINATION"
)
ACCOUNTS: Final = _each("DECISION_ACCOUNT", "SUSPENDED TERMINATED")
GROUNDS: Final = _each("DECISION_GROUND", "ILLEGAL_CONTENT INCOMPATIBLE_CONTENT")
CONTENT_TYPES: Final = _each("CONTENT_TYPE", "APP AUDIO IMAGE PRODUCT SYNTHETIC_MEDIA TEXT VIDEO OTHER")
SOURCES: Final = _each("SOURCE", "ARTICLE_16 TRUSTED_FLAGGER TYPE_OTHER_NOTIFICATION VOLUNTARY")
ACCOUNT_TYPES: Final = _each("ACCOUNT_TYPE", "BUSINESS PRIVATE")
AUTOMATED_DECISIONS: Final = _each("AUTOMATED_DECISION", "FULLY PARTIALLY NOT_AUTOMATED")
YES_NO: Final = ("Yes", "No")

CATEGORIES: Final = _each(
    "STATEMENT_CATEGORY",
    """
    ANIMAL_WELFARE CONSUMER_INFORMATION CYBER_VIOLENCE CYBER_VIOLENCE_AGAINST_WOMEN
    DATA_PROTECTION_AND_PRIVACY_VIOLATIONS ILLEGAL_OR_HARMFUL_SPEECH INTELLECTUAL_PROPERTY_INFRINGEMENTS
    NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS NOT_SPECIFIED_NOTICE OTHER_VIOLATION_TC PROTECTION_OF_MINORS
    RISK_FOR_PUBLIC_SECURITY SCAMS_AND_FRAUD SELF_HARM UNSAFE_AND_PROHIBITED_PRODUCTS VIOLENCE
    """,
)
KEYWORDS: Final = _each(
    "KEYWORD",
    """
    ADULT_SEXUAL_MATERIAL AGE_SPECIFIC_RESTRICTIONS AGE_SPECIFIC_RESTRICTIONS_MINORS ANIMAL_HARM
    BIOMETRIC_DATA_BREACH BULLYING_AGAINST_GIRLS CHILD_SEXUAL_ABUSE_MATERIAL
    CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE CONTENT_PROMOTING_EATING_DISORDERS COORDINATED_HARM
    COPYRIGHT_INFRINGEMENT CYBER_BULLYING_INTIMIDATION CYBER_HARASSMENT CYBER_HARASSMENT_AGAINST_WOMEN
    CYBER_INCITEMENT CYBER_STALKING CYBER_STALKING_AGAINST_WOMEN DATA_FALSIFICATION DEFAMATION
    DESIGN_INFRINGEMENT DISCRIMINATION FEMALE_GENDERED_DISINFORMATION GEOGRAPHICAL_REQUIREMENTS
    GEOGRAPHIC_INDICATIONS_INFRINGEMENT GOODS_SERVICES_NOT_PERMITTED GROOMING_SEXUAL_ENTICEMENT_MINORS
    HATE_SPEECH HIDDEN_ADVERTISEMENT HUMAN_EXPLOITATION HUMAN_TRAFFICKING ILLEGAL_ORGANIZATIONS
    IMPERSONATION_ACCOUNT_HIJACKING INAUTHENTIC_ACCOUNTS INAUTHENTIC_LISTINGS INAUTHENTIC_USER_REVIEWS
    INCITEMENT_AGAINST_WOMEN INCITEMENT_VIOLENCE_HATRED INSUFFICIENT_INFORMATION_ON_TRADERS
    LANGUAGE_REQUIREMENTS MISINFORMATION_DISINFORMATION MISLEADING_INFO_CONSUMER_RIGHTS
    MISLEADING_INFO_GOODS_SERVICES MISSING_PROCESSING_GROUND NONCOMPLIANCE_PRICING NON_CONSENSUAL_IMAGE_SHARING
    NON_CONSENSUAL_IMAGE_SHARING_AGAINST_WOMEN NON_CONSENSUAL_MATERIAL_DEEPFAKE
    NON_CONSENSUAL_MATERIAL_DEEPFAKE_AGAINST_WOMEN NUDITY OTHER PATENT_INFRINGEMENT PHISHING PROHIBITED_PRODUCTS
    PYRAMID_SCHEMES RIGHT_TO_BE_FORGOTTEN RISK_ENVIRONMENTAL_DAMAGE RISK_PUBLIC_HEALTH SELF_MUTILATION STALKING
    SUICIDE TERRORIST_CONTENT TRADEMARK_INFRINGEMENT TRADE_SECRET_INFRINGEMENT TRAFFICKING_WOMEN_GIRLS
    UNLAWFUL_SALE_ANIMALS UNSAFE_CHALLENGES UNSAFE_PRODUCTS VIOLATION_EU_LAW VIOLATION_NATIONAL_LAW
    """,
)

# Members of the European Union and of the European Economic Area.
COUNTRIES: Final = _words("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK")
# ISO 639-1, in capitals.
LANGUAGES: Final = _words(
    """
    AA AB AE AF AK AM AN AR AS AV AY AZ BA BE BG BH BI BM BN BO BR BS CA CE CH CO CR CS CU CV CY DA DE DV DZ EE
    EL EN EO ES ET EU FA FF FI FJ FO FR FY GA GD GL GN GU GV HA HE HI HO HR HT HU HY HZ IA ID IE IG II IK IO IS
    IT IU JA JV KA KG KI KJ KK KL KM KN KO KR KS KU KV KW KY LA LB LG LI LN LO LT LU LV MG MH MI MK ML MN MR MS
    MT MY NA NB ND NE NG NL NN NO NR NV NY OC OJ OM OR OS PA PI PL PS PT QU RM RN RO RU RW SA SC SD SE SG SI SK
    SL SM SN SO SQ SR SS ST SU SV SW TA TE TG TH TI TK TL TN TO TR TS TT TW TY UG UK UR UZ VE VI VO WA WO XH YI
    YO ZA ZH ZU
    """
)

FIRST_CONTENT_DATE: Final = date(2000, 1, 1)
FIRST_APPLICATION_DATE: Final = date(2020, 1, 1)
LAST_DATE: Final = date(2038, 1, 1)

# Characters.
SHORT: Final = 500
EXPLANATION: Final = 2000
FACTS: Final = 5000
# Statements in one call.
BATCH: Final = 100

# Fields of one value of a list; with several values of it; of text with its limit; of a date.
ONE_OF: Final[dict[str, tuple[str, ...]]] = {
    "decision_monetary": MONETARIES,
    "decision_provision": PROVISIONS,
    "decision_account": ACCOUNTS,
    "account_type": ACCOUNT_TYPES,
    "decision_ground": GROUNDS,
    "incompatible_content_illegal": YES_NO,
    "category": CATEGORIES,
    "content_language": LANGUAGES,
    "source_type": SOURCES,
    "automated_detection": YES_NO,
    "automated_decision": AUTOMATED_DECISIONS,
}
SEVERAL_OF: Final[dict[str, tuple[str, ...]]] = {
    "decision_visibility": VISIBILITIES,
    "category_addition": CATEGORIES,
    "category_specification": KEYWORDS,
    "content_type": CONTENT_TYPES,
    "territorial_scope": COUNTRIES,
}
TEXTS: Final[dict[str, int]] = {
    "decision_visibility_other": SHORT,
    "decision_monetary_other": SHORT,
    "decision_ground_reference_url": SHORT,
    "illegal_content_legal_ground": SHORT,
    "illegal_content_explanation": EXPLANATION,
    "incompatible_content_ground": SHORT,
    "incompatible_content_explanation": EXPLANATION,
    "category_specification_other": SHORT,
    "content_type_other": SHORT,
    "decision_facts": FACTS,
    "source_identity": SHORT,
    "puid": SHORT,
}
DATES: Final[dict[str, date | None]] = {
    "content_date": FIRST_CONTENT_DATE,
    "application_date": FIRST_APPLICATION_DATE,
    "end_date_visibility_restriction": None,
    "end_date_monetary_restriction": None,
    "end_date_service_restriction": None,
    "end_date_account_restriction": None,
}
REQUIRED: Final = (
    "decision_ground", "content_type", "category", "content_date", "application_date", "decision_facts", "source_type",
    "automated_detection", "automated_decision", "puid",
)  # fmt: skip
RESTRICTIONS: Final = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")

# The columns of the database's own CSV, without those that it fills in itself (uuid, platform_name, created_at).
COLUMNS: Final = (
    "decision_visibility", "decision_visibility_other", "end_date_visibility_restriction",
    "decision_monetary", "decision_monetary_other", "end_date_monetary_restriction",
    "decision_provision", "end_date_service_restriction", "decision_account", "end_date_account_restriction",
    "account_type", "decision_ground", "decision_ground_reference_url",
    "illegal_content_legal_ground", "illegal_content_explanation",
    "incompatible_content_ground", "incompatible_content_explanation", "incompatible_content_illegal",
    "category", "category_addition", "category_specification", "category_specification_other",
    "content_type", "content_type_other", "content_language", "content_date", "content_id_ean",
    "territorial_scope", "application_date", "decision_facts", "source_type", "source_identity",
    "automated_detection", "automated_decision", "platform_uid",
)  # fmt: skip
