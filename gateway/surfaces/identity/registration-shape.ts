/** What every registration of the surfaces asks for. */
export const registrationShape = {
  username: { type: "string", min: 3, max: 50 },
  email: { type: "string", min: 3, max: 254 },
  password: { type: "string", min: 8, max: 128 },
} as const;
