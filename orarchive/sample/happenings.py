"""The script: 45 days from 1 June 2026, and the changes that happen in them.

A happening is in force from its hour on. Time-of-day prices, health and the order of rows change in every
hour (`time_of_day`, `drift`) and are not listed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orarchive.sample.changes import (
    Change,
    add,
    add_category,
    add_endpoint_field,
    add_model_field,
    add_provider,
    degrade_provider,
    move_to_top,
    point_alias,
    remove,
    remove_category,
    remove_endpoints,
    remove_provider,
    rename,
    restore_provider,
    set_fields,
    set_prices,
    unlist,
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
    """One change of the service: its hour, its kind, the key it changes, a description, and the change."""

    at: datetime
    kind: str
    key: str
    description: str
    change: Change


def plan_happening(date: str, kind: str, key: str, description: str, change: Change) -> Happening:
    """Return a happening in 2026, at `MM-DD HHZ`."""
    at = datetime.strptime(f"2026-{date}+0000", "%Y-%m-%d %HZ%z")
    return Happening(at, kind, key, description, change)


# fmt: off
HAPPENINGS = (
    plan_happening("06-01 14Z", "added", "minimax/minimax-m3",
         "MiniMax M3 appears, with one endpoint.",
         add()),
    plan_happening("06-02 09Z", "price cut", "deepseek/deepseek-v3.2@siliconflow/fp8",
         "SiliconFlow, the top provider, cuts V3.2; the model's price follows.",
         set_prices(prompt="0.00000021", completion="0.00000033")),
    plan_happening("06-02 15Z", "price cut", "z-ai/glm-5.1@z-ai",
         "Z.AI cuts GLM-5.1; it is not the top provider, so the model's price stays.",
         set_prices(prompt="0.0000012", completion="0.0000038")),
    plan_happening("06-03 11Z", "top provider changes", "openai/gpt-oss-120b@novita/fp4",
         "Novita becomes the top provider: the model's price changes though no endpoint's does.",
         move_to_top()),
    plan_happening("06-04 08Z", "price rise", "moonshotai/kimi-k2.6@parasail/int4",
         "Parasail, the top provider, raises Kimi K2.6; the model's price follows.",
         set_prices(prompt="0.0000009", completion="0.000004")),
    plan_happening("06-05 06Z", "vanished", "microsoft/phi-4",
         "Phi-4 leaves the list, but requests for its id are answered; it returns after 20 days.",
         unlist()),
    plan_happening("06-06 10Z", "discount starts", "qwen/qwen3.6-27b@siliconflow/fp8",
         "SiliconFlow takes 20 % off; the prices sent are already reduced.",
         set_prices(prompt="0.00000024", completion="0.00000256", discount=0.2)),
    plan_happening("06-07 12Z", "provider joins", "gmicloud",
         "GMICloud joins with two endpoints.",
         add_provider()),
    plan_happening("06-08 07Z", "expiry set", "openai/o3",
         "o3 gets an end date far in the year.",
         set_fields(expiration_date="2026-12-31")),
    plan_happening("06-09 16Z", "vanished", "amazon/nova-premier-v1",
         "Nova Premier is removed for good, without notice.",
         remove()),
    plan_happening("06-10 13Z", "limits change", "openai/gpt-oss-120b@novita/fp4",
         "Novita, the top provider, doubles the maximum length of an answer.",
         set_fields(max_completion_tokens=65536)),
    plan_happening("06-10 13Z", "limits change", "x-ai/grok-4.3",
         "Grok 4.3 is listed with twice the context.",
         set_fields(context_length=2000000)),
    plan_happening("06-11 05Z", "vanished", "x-ai/grok-build-0.1",
         "Grok Build is removed; it returns after two days.",
         remove()),
    plan_happening("06-12 09Z", "expiry set", "z-ai/glm-4.5",
         "GLM-4.5 gets an end date of 10 July.",
         set_fields(expiration_date="2026-07-10")),
    plan_happening("06-12 10Z", "expiry set", "google/gemini-2.5-pro",
         "Gemini 2.5 Pro gets the date that means that it has none.",
         set_fields(expiration_date="2098-12-31")),
    plan_happening("06-13 05Z", "returned", "x-ai/grok-build-0.1",
         "Grok Build returns after two days.",
         add()),
    plan_happening("06-14 03Z", "provider degrades", "novita",
         "Novita fails every third request for four days.",
         degrade_provider(-3)),
    plan_happening("06-15 00Z", "schedule starts", "deepseek/deepseek-v4-flash@deepseek",
         "DeepSeek makes V4 Flash cheap at night, across midnight.",
         set_prices(overrides=FLASH_HOURS)),
    plan_happening("06-15 00Z", "category added", "gaming",
         "Models can be ranked by their use for gaming.",
         add_category()),
    plan_happening("06-16 08Z", "added", "z-ai/glm-5.2",
         "GLM-5.2 appears, with two endpoints.",
         add()),
    plan_happening("06-17 18Z", "zdr gained", "anthropic/claude-opus-4.8@anthropic",
         "Anthropic's first endpoint of Opus 4.8 no longer keeps data.",
         set_fields(zdr=True)),
    plan_happening("06-18 03Z", "provider recovers", "novita",
         "Novita works again.",
         restore_provider()),
    plan_happening("06-18 12Z", "orphaned", "deepseek/deepseek-r1-0528",
         "All three endpoints of R1 are removed; the model stays in the list.",
         remove_endpoints()),
    plan_happening("06-19 21Z", "description hostile", "openrouter/owl-alpha",
         "A description gets markup, a script and control characters.",
         set_fields(description=HOSTILE)),
    plan_happening("06-20 00Z", "free ends", "openai/gpt-oss-20b:free",
         "The free variant of gpt-oss-20b ends; the paid one stays.",
         remove()),
    plan_happening("06-21 10Z", "new field", "openai",
         "`supports_tool_choice` appears on OpenAI's endpoints.",
         add_endpoint_field("supports_tool_choice", TOOL_CHOICE)),
    plan_happening("06-22 07Z", "expiry cleared", "openai/o3",
         "o3 loses its end date.",
         set_fields(expiration_date=None)),
    plan_happening("06-22 11Z", "discount ends", "qwen/qwen3.7-max@alibaba",
         "Alibaba ends its 50 % off, and the model's price doubles.",
         set_prices(prompt="0.0000025", completion="0.0000075", input_cache_read="0.0000005", discount=0)),
    plan_happening("06-23 10Z", "new field", "google",
         "`supported_regions` appears on Google's models.",
         add_model_field("supported_regions", ["us", "eu"])),
    plan_happening("06-24 00Z", "schedule ends", "deepseek/deepseek-v4-flash@deepseek",
         "V4 Flash costs the same at all hours again.",
         set_prices(overrides=None)),
    plan_happening("06-24 14Z", "discount ends", "qwen/qwen3.6-27b@siliconflow/fp8",
         "SiliconFlow's 20 % off ends.",
         set_prices(prompt="0.0000003", completion="0.0000032", discount=0)),
    plan_happening("06-25 06Z", "returned", "microsoft/phi-4",
         "Phi-4 returns after 20 days.",
         add()),
    plan_happening("06-26 17Z", "provider leaves", "nebius",
         "Nebius leaves with all its endpoints.",
         remove_provider()),
    plan_happening("06-27 09Z", "requantized", "nvidia/nemotron-3-super-120b-a12b@deepinfra/bf16",
         "DeepInfra serves Nemotron at fp8 under the old tag.",
         set_fields(quantization="fp8")),
    plan_happening("06-28 15Z", "zdr lost", "cohere/command-a@cohere",
         "Command A is no longer served by an endpoint that keeps no data.",
         set_fields(zdr=False)),
    plan_happening("06-30 16Z", "added", "anthropic/claude-sonnet-5",
         "Claude Sonnet 5 appears, with three endpoints.",
         add()),
    plan_happening("06-30 18Z", "alias moved", "~anthropic/claude-sonnet-latest",
         "The newest Sonnet is Sonnet 5 now; the alias copies its price.",
         point_alias("anthropic/claude-sonnet-5")),
    plan_happening("07-01 00Z", "category removed", "trivia",
         "Trivia is no longer a category.",
         remove_category()),
    plan_happening("07-02 10Z", "provider edited", "groq",
         "Groq names its data centres.",
         set_fields(datacenters=["US", "FI", "SA"])),
    plan_happening("07-04 11Z", "renamed", "mistralai/mistral-medium-3-5",
         "Mistral Medium 3.5 gets a dot; its canonical slug stays.",
         rename("mistralai/mistral-medium-3.5")),
    plan_happening("07-06 13Z", "expiry moved", "z-ai/glm-4.5",
         "GLM-4.5 gets three days more.",
         set_fields(expiration_date="2026-07-13")),
    plan_happening("07-08 09Z", "price cut", "anthropic/claude-haiku-4.5@google-vertex/europe",
         "Google cuts Haiku 4.5 in Europe only.",
         set_prices(prompt="0.0000009", completion="0.0000045")),
    plan_happening("07-10 10Z", "price cut", "google/gemini-3.5-flash@google-ai-studio",
         "Google AI Studio, the top provider, cuts Gemini 3.5 Flash by a third.",
         set_prices(prompt="0.000001", completion="0.000006", input_cache_read="0.0000001")),
    plan_happening("07-11 08Z", "price rise", "mistralai/mistral-small-2603@mistral",
         "Mistral raises Mistral Small by a third.",
         set_prices(prompt="0.0000002", completion="0.0000008", input_cache_read="0.00000002")),
    plan_happening("07-12 09Z", "expiry set", "moonshotai/kimi-k2-thinking",
         "Kimi K2 Thinking gets an end date of 31 July.",
         set_fields(expiration_date="2026-07-31")),
    plan_happening("07-13 00Z", "vanished", "z-ai/glm-4.5",
         "GLM-4.5 is removed on its end date.",
         remove()),
    plan_happening("07-13 15Z", "price cut", "z-ai/glm-5.2@z-ai",
         "Z.AI, the top provider, cuts GLM-5.2.",
         set_prices(prompt="0.0000011", completion="0.0000035", input_cache_read="0.0000002")),
    plan_happening("07-14 06Z", "expiry set", "meta-llama/llama-4-maverick",
         "Llama 4 Maverick gets an end date of 20 July.",
         set_fields(expiration_date="2026-07-20")),
    plan_happening("07-14 10Z", "provider degrades", "siliconflow",
         "SiliconFlow fails every third request to the end.",
         degrade_provider(-3)),
)
# fmt: on
