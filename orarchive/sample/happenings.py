"""The script: 45 days from 1 June 2026, and what changes in them.

A happening is in force from its hour on. Prices that follow the clock, health and the order of rows move by
themselves (`clock`, `drift`) and are not listed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orarchive.sample.changes import (
    Change,
    appeared,
    degraded,
    edited,
    fielded_endpoints,
    fielded_models,
    joined,
    left,
    offered,
    on_top,
    orphaned,
    pointed_at,
    priced,
    recovered,
    renamed,
    unlisted,
    vanished,
    withdrawn,
)

START = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 45
END = START + timedelta(days=DAYS)

HOSTILE = (
    "<b>Bold</b> claims.<script>alert('archive')</script> [press here](javascript:alert(1)) "
    "![x](https://tracker.invalid/p.gif) | a | table | *and* `code`\n# A heading\n"
    "\u202etfel ot thgir\u202c, a bell \u0007, a null \u0000, an escape \u001b[31m, "
    "a break \u2028 and \u2029 one more."
)

FLASH_HOURS = [
    {"utc_start": 2200, "utc_end": 600, "prompt": "0.00000007", "completion": "0.00000014"},
    {"utc_start": 600, "utc_end": 2200, "prompt": "0.00000014", "completion": "0.00000028"},
]

TOOL_CHOICE = {"auto": True, "function": True, "none": True, "required": False}


@dataclass(frozen=True)
class Happening:
    """One change of the service: when, of what kind, to which key, in words, and how."""

    at: datetime
    kind: str
    key: str
    says: str
    change: Change


def on(date: str, kind: str, key: str, says: str, change: Change) -> Happening:
    """A happening in 2026, at `MM-DD HHZ`."""
    return Happening(datetime.strptime(f"2026-{date}+0000", "%Y-%m-%d %HZ%z"), kind, key, says, change)


# fmt: off
HAPPENINGS = (
    on("06-01 14Z", "added", "minimax/minimax-m3",
       "MiniMax M3 appears, with one endpoint.",
       appeared()),
    on("06-02 09Z", "price cut", "deepseek/deepseek-v3.2@siliconflow/fp8",
       "SiliconFlow, on top, cuts V3.2; the model's price follows.",
       priced(prompt="0.00000021", completion="0.00000033")),
    on("06-02 15Z", "price cut", "z-ai/glm-5.1@z-ai",
       "Z.AI cuts GLM-5.1; others stand above it, so the model's price stays.",
       priced(prompt="0.0000012", completion="0.0000038")),
    on("06-03 11Z", "provider on top", "openai/gpt-oss-120b@novita/fp4",
       "Novita comes out on top: the model's price moves though no endpoint's does.",
       on_top()),
    on("06-04 08Z", "price rise", "moonshotai/kimi-k2.6@parasail/int4",
       "Parasail, on top, raises Kimi K2.6; the model's price follows.",
       priced(prompt="0.0000009", completion="0.000004")),
    on("06-05 06Z", "vanished", "microsoft/phi-4",
       "Phi-4 leaves the list, though it still answers to its id; it will be back after 20 days.",
       unlisted()),
    on("06-06 10Z", "discount starts", "qwen/qwen3.6-27b@siliconflow/fp8",
       "SiliconFlow takes 20 % off; the prices sent are already reduced.",
       priced(prompt="0.00000024", completion="0.00000256", discount=0.2)),
    on("06-07 12Z", "provider joins", "gmicloud",
       "GMICloud joins with two endpoints.",
       joined()),
    on("06-08 07Z", "expiry set", "openai/o3",
       "o3 gets an end date far in the year.",
       edited(expiration_date="2026-12-31")),
    on("06-09 16Z", "vanished", "amazon/nova-premier-v1",
       "Nova Premier goes for good, without a word before.",
       vanished()),
    on("06-10 13Z", "limits change", "openai/gpt-oss-120b@novita/fp4",
       "Novita, on top, doubles the answer's length.",
       edited(max_completion_tokens=65536)),
    on("06-10 13Z", "limits change", "x-ai/grok-4.3",
       "Grok 4.3 is listed with twice the context.",
       edited(context_length=2000000)),
    on("06-11 05Z", "vanished", "x-ai/grok-build-0.1",
       "Grok Build goes, and will be back after two days.",
       vanished()),
    on("06-12 09Z", "expiry set", "z-ai/glm-4.5",
       "GLM-4.5 is to end on 10 July.",
       edited(expiration_date="2026-07-10")),
    on("06-12 10Z", "expiry set", "google/gemini-2.5-pro",
       "Gemini 2.5 Pro gets the date that means no date.",
       edited(expiration_date="2098-12-31")),
    on("06-13 05Z", "returned", "x-ai/grok-build-0.1",
       "Grok Build is back after two days.",
       appeared()),
    on("06-14 03Z", "provider degrades", "novita",
       "Novita fails every third request, for three days.",
       degraded(-3)),
    on("06-15 00Z", "schedule starts", "deepseek/deepseek-v4-flash@deepseek",
       "DeepSeek makes V4 Flash cheap at night, across midnight.",
       priced(overrides=FLASH_HOURS)),
    on("06-15 00Z", "category added", "gaming",
       "Models can be ranked by their use for gaming.",
       offered()),
    on("06-16 08Z", "added", "z-ai/glm-5.2",
       "GLM-5.2 appears, with two endpoints.",
       appeared()),
    on("06-17 03Z", "provider recovers", "novita",
       "Novita is well again.",
       recovered()),
    on("06-17 18Z", "zdr gained", "anthropic/claude-opus-4.8@anthropic",
       "Anthropic's first endpoint of Opus 4.8 keeps no data any more.",
       edited(zdr=True)),
    on("06-18 12Z", "orphaned", "deepseek/deepseek-r1-0528",
       "All three endpoints of R1 go; the model stays in the list.",
       orphaned()),
    on("06-19 21Z", "description hostile", "openrouter/owl-alpha",
       "A description comes with markup, a script and control characters.",
       edited(description=HOSTILE)),
    on("06-20 00Z", "free ends", "openai/gpt-oss-20b:free",
       "The free variant of gpt-oss-20b ends; the paid one stays.",
       vanished()),
    on("06-21 10Z", "new field", "openai",
       "`supports_tool_choice` appears on OpenAI's endpoints.",
       fielded_endpoints("supports_tool_choice", TOOL_CHOICE)),
    on("06-22 07Z", "expiry cleared", "openai/o3",
       "o3 is to stay after all.",
       edited(expiration_date=None)),
    on("06-22 11Z", "discount ends", "qwen/qwen3.7-max@alibaba",
       "Alibaba ends its 50 % off, and the model's price doubles.",
       priced(prompt="0.0000025", completion="0.0000075", input_cache_read="0.0000005", discount=0)),
    on("06-23 10Z", "new field", "google",
       "`supported_regions` appears on Google's models.",
       fielded_models("supported_regions", ["us", "eu"])),
    on("06-24 00Z", "schedule ends", "deepseek/deepseek-v4-flash@deepseek",
       "V4 Flash costs the same at all hours again.",
       priced(overrides=None)),
    on("06-24 14Z", "discount ends", "qwen/qwen3.6-27b@siliconflow/fp8",
       "SiliconFlow's 20 % off ends.",
       priced(prompt="0.0000003", completion="0.0000032", discount=0)),
    on("06-25 06Z", "returned", "microsoft/phi-4",
       "Phi-4 is back after 20 days.",
       appeared()),
    on("06-26 17Z", "provider leaves", "nebius",
       "Nebius leaves with all its endpoints.",
       left()),
    on("06-27 09Z", "requantized", "nvidia/nemotron-3-super-120b-a12b@deepinfra/bf16",
       "DeepInfra serves Nemotron at fp8 under the old tag.",
       edited(quantization="fp8")),
    on("06-28 15Z", "zdr lost", "cohere/command-a@cohere",
       "Command A is no longer served without keeping data.",
       edited(zdr=False)),
    on("06-30 16Z", "added", "anthropic/claude-sonnet-5",
       "Claude Sonnet 5 appears, with three endpoints.",
       appeared()),
    on("06-30 18Z", "alias moved", "~anthropic/claude-sonnet-latest",
       "The newest Sonnet is Sonnet 5 now; the alias copies its price.",
       pointed_at("anthropic/claude-sonnet-5")),
    on("07-01 00Z", "category removed", "trivia",
       "Trivia is a category no more.",
       withdrawn()),
    on("07-02 10Z", "provider edited", "groq",
       "Groq names its data centres.",
       edited(datacenters=["US", "FI", "SA"])),
    on("07-04 11Z", "renamed", "mistralai/mistral-medium-3-5",
       "Mistral Medium 3.5 gets a dot; its canonical slug stays.",
       renamed("mistralai/mistral-medium-3.5")),
    on("07-06 13Z", "expiry moved", "z-ai/glm-4.5",
       "GLM-4.5 gets three days more.",
       edited(expiration_date="2026-07-13")),
    on("07-08 09Z", "price cut", "anthropic/claude-haiku-4.5@google-vertex/europe",
       "Google cuts Haiku 4.5 in Europe only.",
       priced(prompt="0.0000009", completion="0.0000045")),
    on("07-13 00Z", "vanished", "z-ai/glm-4.5",
       "GLM-4.5 ends on the day it was to.",
       vanished()),
)
# fmt: on
