"""A reading of recorded ids by hand: families, open weights and sizes, written without the package's help."""

FAMILIES = {
    "claude-opus": (
        "anthropic/claude-3-opus anthropic/claude-opus-4.1 anthropic/claude-opus-4.6-fast "
        "anthropic/claude-opus-5:batch"
    ),
    "claude-sonnet": (
        "anthropic/claude-3.5-sonnet anthropic/claude-3.7-sonnet:thinking anthropic/claude-sonnet-4.5"
    ),
    "claude-haiku": (
        "anthropic/claude-3-haiku:beta anthropic/claude-3-5-haiku-20241022 anthropic/claude-haiku-4.5"
    ),
    "claude-fable": "anthropic/claude-fable-5",
    "claude-instant": "anthropic/claude-instant-1.1",
    "claude": "anthropic/claude-2.1 anthropic/claude-2:beta",
    "gpt": (
        "openai/gpt-4 openai/gpt-4o openai/gpt-4o-2024-05-13 openai/gpt-3.5-turbo-16k "
        "openai/chatgpt-4o-latest openai/gpt-5.6-sol openai/gpt-5-chat"
    ),
    "gpt-mini": (
        "openai/gpt-4o-mini openai/gpt-4o-mini-2024-07-18 openai/gpt-5.4-mini openai/gpt-5-mini:batch"
    ),
    "gpt-nano": "openai/gpt-4.1-nano openai/gpt-5-nano",
    "gpt-pro": "openai/gpt-5-pro openai/gpt-5.6-terra-pro",
    "gpt-codex": "openai/gpt-5.1-codex-max openai/gpt-5.1-codex-mini openai/codex-mini",
    "gpt-oss": "openai/gpt-oss-120b openai/gpt-oss-20b:free openai/gpt-oss-safeguard-20b",
    "gpt-image": "openai/gpt-5-image openai/gpt-image-1-mini",
    "gpt-audio": "openai/gpt-audio openai/gpt-4o-audio-preview",
    "gpt-search": "openai/gpt-4o-search-preview openai/gpt-4o-mini-search-preview",
    "gpt-transcribe": "openai/gpt-4o-transcribe openai/gpt-4o-mini-transcribe",
    "o": "openai/o1 openai/o1-preview-2024-09-12 openai/o3",
    "o-mini": "openai/o3-mini-high openai/o4-mini openai/o1-mini",
    "o-pro": "openai/o1-pro openai/o3-pro:batch",
    "o-deep-research": "openai/o3-deep-research openai/o4-mini-deep-research",
    "whisper": "openai/whisper-large-v3-turbo",
    "gemini-flash": (
        "google/gemini-flash-1.5 google/gemini-2.0-flash-001 google/gemini-3-flash-preview "
        "google/gemini-flash-1.5-8b"
    ),
    "gemini-flash-lite": "google/gemini-2.5-flash-lite google/gemini-3.1-flash-lite-preview",
    "gemini-flash-image": "google/gemini-2.5-flash-image google/gemini-3.1-flash-lite-image",
    "gemini-pro": (
        "google/gemini-pro google/gemini-pro-1.5-exp google/gemini-2.5-pro-preview-05-06 "
        "google/gemini-3.1-pro-preview-customtools"
    ),
    "gemini-pro-image": "google/gemini-3-pro-image-preview",
    "gemma": "google/gemma-3-27b-it:free google/gemma-3n-e4b-it google/gemma-7b-it",
    "deepseek": (
        "deepseek/deepseek-chat deepseek/deepseek-chat-v3-0324 deepseek/deepseek-v3.2 "
        "deepseek/deepseek-v4-pro"
    ),
    "deepseek-r1": "deepseek/deepseek-r1 deepseek/deepseek-r1-0528:free",
    "deepseek-r1-distill": ("deepseek/deepseek-r1-distill-llama-70b deepseek/deepseek-r1-distill-qwen-1.5b"),
    "deepseek-v4-flash": "deepseek/deepseek-v4-flash deepseek/deepseek-v4-flash-0731",
    "kimi": "moonshotai/kimi-k2 moonshotai/kimi-k2-0905:exacto moonshotai/kimi-k2.5 moonshotai/kimi-k3",
    "kimi-vl": "moonshotai/kimi-vl-a3b-thinking",
    "glm": "z-ai/glm-4.6 z-ai/glm-5.2:free thudm/glm-4-32b",
    "glm-air": "z-ai/glm-4.5-air:free",
    "glm-v": "z-ai/glm-4.5v z-ai/glm-5v-turbo thudm/glm-4.1v-9b-thinking",
    "grok": "x-ai/grok-beta x-ai/grok-2-1212 x-ai/grok-4.6",
    "grok-fast": "x-ai/grok-4.1-fast:free",
    "grok-code": "x-ai/grok-code-fast-1",
    "grok-mini": "x-ai/grok-3-mini-beta",
    "llama": (
        "meta-llama/llama-3.1-405b-instruct:free meta-llama/llama-4-scout "
        "meta-llama/llama-3.2-11b-vision-instruct"
    ),
    "llama-guard": "meta-llama/llama-guard-3-8b",
    "qwen": (
        "qwen/qwen-2.5-72b-instruct qwen/qwen3-235b-a22b-2507 qwen/qwen3.8-2.4t-a95b "
        "qwen/qwen2.5-32b-instruct"
    ),
    "qwen-vl": "qwen/qwen-vl-max qwen/qwen3-vl-8b-thinking qwen/qwen2.5-vl-32b-instruct:free",
    "qwen-coder": "qwen/qwen3-coder-plus qwen/qwen-2.5-coder-32b-instruct",
    "qwen-max": "qwen/qwen3.7-max",
    "qwen-plus": "qwen/qwen-plus-2025-07-28:thinking",
    "qwq": "qwen/qwq-32b-preview",
    "mistral-large": "mistralai/mistral-large-2411",
    "mistral-small": "mistralai/mistral-small-3.1-24b-instruct:free",
    "mistral": "mistralai/mistral-7b-instruct-v0.2",
    "mixtral": "mistralai/mixtral-8x7b-instruct:nitro",
    "ministral": "mistralai/ministral-14b-2512 mistral/ministral-8b",
    "command-r": "cohere/command-r-plus-08-2024 cohere/command-r7b-12-2024",
    "command-a": "cohere/command-a-03-2025",
    "sonar": "perplexity/sonar perplexity/llama-3.1-sonar-huge-128k-online",
    "sonar-pro": "perplexity/sonar-pro-search",
    "nova-lite": "amazon/nova-2-lite-v1:free",
    "nemotron-super": "nvidia/llama-3.3-nemotron-super-49b-v1.5",
    "nemotron-nano": "nvidia/nemotron-3-nano-30b-a3b:free",
    "nemotron": "nvidia/llama-3.1-nemotron-70b-instruct",
    "hermes": "nousresearch/hermes-3-llama-3.1-405b nousresearch/nous-hermes-2-mixtral-8x7b-dpo",
    "euryale": "sao10k/l3.3-euryale-70b",
    "dolphin": "cognitivecomputations/dolphin-mixtral-8x22b",
    "phi": "microsoft/phi-4-reasoning-plus:free",
    "minimax": "minimax/minimax-m2.5 minimax/minimax-01",
    "ernie-vl": "baidu/ernie-4.5-vl-424b-a47b",
    "jamba-large": "ai21/jamba-1-5-large",
    "mimo-flash": "xiaomi/mimo-v2-flash",
}
"""Family -> the ids that belong to it."""

BASES = {
    "sao10k/l3.3-euryale-70b": "llama",
    "nvidia/llama-3.3-nemotron-super-49b-v1": "llama",
    "deepseek/deepseek-r1-distill-qwen-14b": "qwen",
    "deepseek/deepseek-r1": None,
    "cognitivecomputations/dolphin3.0-r1-mistral-24b": "mistral",
    "tngtech/deepseek-r1t2-chimera:free": "deepseek-r1",
    "perplexity/r1-1776": "deepseek-r1",
    "inflatebot/mn-mag-mell-r1": "mistral-nemo",
    "qwen/qwq-32b": None,
    "arliai/qwq-32b-arliai-rpr-v1": "qwq",
    "mistralai/mixtral-8x7b": None,
    "shisa-ai/shisa-v2-llama3.3-70b": "llama",
}
"""Id -> the family of another lab that it was tuned from."""

GENERATIONS = {
    "anthropic/claude-3-5-haiku": "3.5",
    "anthropic/claude-opus-5-fast": "5",
    "openai/gpt-4o-2024-05-13": "4o",
    "google/gemini-2.5-flash-preview-05-20": "2.5",
    "qwen/qwen3-235b-a22b-2507": "3",
    "mistralai/mistral-large-2407": None,
    "cohere/command-r-08-2024": None,
    "meta-llama/llama-3.1-8b-instruct": "3.1",
    "nvidia/llama-3.3-nemotron-super-49b-v1.5": "1.5",
    "ai21/jamba-1-5-mini": "1.5",
    "moonshotai/kimi-k2.5": "2.5",
    "openai/gpt-oss-120b": None,
    "perplexity/llama-3-sonar-large-32k-chat": None,
}
"""Id -> the version in it."""

SIZES = {
    "qwen/qwen3-235b-a22b-2507": "235B-A22B",
    "qwen/qwen3-30b-a3b": "30B-A3B",
    "qwen/qwen3-8b": "8B",
    "qwen/qwen-2.5-72b-instruct": "72B",
    "qwen/qwen3.5-397b-a17b": "397B-A17B",
    "qwen/qwq-32b": "32B",
    "qwen/qwen3-next-80b-a3b-thinking": "80B-A3B",
    "qwen/qwen-max": None,
    "qwen/qwen-plus-2025-07-28": None,
    "meta-llama/llama-3.1-405b-instruct": "405B",
    "meta-llama/llama-3.2-1b-instruct": "1B",
    "meta-llama/llama-4-scout": "109B-A17B",
    "meta-llama/llama-guard-4-12b": "12B",
    "mistralai/mixtral-8x7b-instruct": "8x7B",
    "mistralai/mixtral-8x22b-instruct": "8x22B",
    "mistralai/mistral-7b-instruct-v0.3": "7B",
    "mistralai/mistral-large-2407": None,
    "mistralai/mistral-nemo": "12B",
    "mistralai/mistral-large-2512": "675B-A41B",
    "mistralai/codestral-2508": None,
    "google/gemma-3n-e4b-it": "E4B",
    "google/gemma-4-26b-a4b-it": "26B-A4B",
    "google/gemma-2-9b-it": "9B",
    "google/gemini-flash-1.5-8b": "8B",
    "google/gemini-2.5-pro": None,
    "google/palm-2-chat-bison-32k": None,
    "deepseek/deepseek-r1-0528": "671B-A37B",
    "deepseek/deepseek-chat-v3-0324": "685B",
    "deepseek/deepseek-r1-distill-qwen-1.5b": "1.5B",
    "deepseek/deepseek-v3.1-terminus": None,
    "openai/gpt-oss-120b": "120B-A5.1B",
    "openai/gpt-oss-20b": "20B-A3.6B",
    "openai/gpt-4-32k": None,
    "openai/gpt-4o-2024-08-06": None,
    "openai/o1-mini": None,
    "anthropic/claude-3.5-sonnet-20240620": None,
    "anthropic/claude-2.1": None,
    "cohere/command-r7b-12-2024": "7B",
    "cohere/command-r-08-2024": None,
    "cohere/command-a": "111B",
    "microsoft/phi-3-medium-128k-instruct": "14B",
    "microsoft/wizardlm-2-8x22b": "8x22B",
    "microsoft/phi-3.5-mini-128k-instruct": "3.8B",
    "minimax/minimax-m2": "230B-A10B",
    "minimax/minimax-01": "456B-A45.9B",
    "moonshotai/kimi-k2": "1T-A32B",
    "moonshotai/kimi-vl-a3b-thinking": "A3B",
    "tencent/hunyuan-a13b-instruct": "80B-A13B",
    "inclusionai/ling-1t": "1T-A50B",
    "nvidia/llama-3.1-nemotron-ultra-253b-v1": "253B",
    "nvidia/nemotron-3-nano-30b-a3b": "30B-A3B",
    "nousresearch/hermes-2-pro-llama-3-8b": "8B",
    "sophosympatheia/rogue-rose-103b-v0.2:free": "103B",
    "eleutherai/llemma_7b": "7B",
    "liquid/lfm2-8b-a1b": "8B-A1B",
    "z-ai/glm-4.5v": "106B-A12B",
    "baidu/ernie-4.5-21b-a3b-thinking": "21B-A3B",
    "tngtech/deepseek-r1t-chimera": None,
    "deepcogito/cogito-v2-preview-llama-109b-moe": "109B",
    "stepfun-ai/step3": "321B-A38B",
    "databricks/dbrx-instruct": "A36B",
    "perplexity/llama-3-sonar-large-32k-online": None,
    "x-ai/grok-2-1212": None,
}
"""Id -> the number of parameters that its id or its description states; None: neither states one."""

OPEN_LABS = {
    *("meta-llama", "nousresearch", "allenai", "eleutherai", "sao10k", "thedrummer", "neversleep", "gryphe"),
    *("undi95", "anthracite-org", "tngtech", "prime-intellect", "ibm-granite", "stepfun-ai", "opengvlab"),
}
"""Labs whose models are all published with their weights."""

CLOSED_LABS = {"anthropic", "inflection", "amazon", "relace", "morph", "mancer", "writer"}
"""Labs none of whose models is."""

CLOSED = {
    *("openai/gpt-4o", "openai/gpt-4", "openai/o1", "openai/gpt-5", "openai/gpt-3.5-turbo", "openai/o4-mini"),
    *(
        "google/gemini-2.5-pro",
        "google/gemini-flash-1.5",
        "google/palm-2-chat-bison",
        "google/gemini-3-pro-preview",
    ),
    *("x-ai/grok-3", "x-ai/grok-4", "x-ai/grok-code-fast-1", "x-ai/grok-4-fast", "perplexity/sonar"),
    *("perplexity/sonar-pro", "qwen/qwen-max", "qwen/qwen3-max", "qwen/qwen-turbo", "qwen/qwen-vl-max"),
    *(
        "mistralai/mistral-medium-3",
        "mistralai/mistral-tiny",
        "mistralai/magistral-medium-2506",
        "inception/mercury",
    ),
}
"""Other ids whose weights were never published."""

OPEN = {
    *("openai/gpt-oss-120b", "openai/gpt-oss-20b", "google/gemma-2-27b-it", "google/gemma-3-27b-it"),
    *(
        "deepseek/deepseek-r1",
        "deepseek/deepseek-v3.2",
        "deepseek/deepseek-chat-v3-0324",
        "qwen/qwen3-235b-a22b",
    ),
    *("qwen/qwen-2.5-72b-instruct", "qwen/qwq-32b", "qwen/qwen3-coder", "mistralai/mixtral-8x22b-instruct"),
    *("mistralai/mistral-nemo", "moonshotai/kimi-k2", "moonshotai/kimi-k2.5", "z-ai/glm-4.5", "z-ai/glm-4.6"),
    *("minimax/minimax-m1", "minimax/minimax-m2", "microsoft/phi-4", "microsoft/wizardlm-2-8x22b"),
    *("ai21/jamba-large-1.7", "baidu/ernie-4.5-300b-a47b", "tencent/hunyuan-a13b-instruct"),
}
"""Other ids whose weights are published."""
