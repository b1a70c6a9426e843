import { createReferenceBackend, headLogits } from "@glai/core";
import { describe, expect, it } from "vitest";
import { predictHead, trainHead, type HeadName } from "../src/index.js";
import { blobs } from "./helpers/data.js";
import { steadyClock, tinyProtocol } from "./helpers/protocol.js";

describe("predictHead", () => {
  it.each<HeadName>(["linear", "mlp", "glai"])(
    "gives the same logits for head %s on a backend as on core's loops",
    async (head) => {
      const data = blobs({});
      const backend = createReferenceBackend();
      const { model } = await trainHead(data, {
        head,
        protocol: tinyProtocol(),
        backend,
        seed: 0,
        now: steadyClock(),
      });
      const readable = await predictHead(model, data.validation.features);
      const onBackend = await predictHead(model, data.validation.features, backend);
      expect(readable).toEqual(headLogits(model, data.validation.features));
      expect([onBackend.nRows, onBackend.nColumns]).toEqual([32, 3]);
      onBackend.values.forEach((value, i) => expect(value).toBeCloseTo(readable.values[i], 12));
    },
  );

  it("refuses features of another width", async () => {
    const data = blobs({});
    const { model } = await trainHead(data, {
      head: "mlp",
      protocol: tinyProtocol(),
      backend: createReferenceBackend(),
      seed: 0,
      now: steadyClock(),
    });
    const { features } = blobs({ nFeatures: 5 }).validation;
    await expect(predictHead(model, features)).rejects.toThrow("6");
    await expect(predictHead(model, features, createReferenceBackend())).rejects.toThrow("6");
  });
});
