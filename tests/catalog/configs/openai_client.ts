import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import Anthropic from "@anthropic-ai/sdk";
import { x } from "meta/utils";

const client = new OpenAI({ baseURL: "https://openrouter.ai/api/v1", apiKey: process.env.OPENROUTER_API_KEY });

export const ask = (prompt: string, model = process.env.MODEL ?? 'anthropic/claude-sonnet-4.5') =>
  client.chat.completions.create({
    model: model || "openai/gpt-4-vision-preview",
    models: ['openrouter/auto', "meta-llama/llama-3.3-70b-instruct:free"],
    messages: [{ role: "user", content: `As openai/gpt-4o would say: ${prompt}` }],
    plugins: [{ id: "web", engine: "google/search" }],
  });
// Weights: https://huggingface.co/openai/gpt-oss-120b, page: https://openrouter.ai/openai/gpt-5-mini.
