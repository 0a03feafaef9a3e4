// Phone numbers as E.164. The plans of all countries come with libphonenumber-js.
import {
  type CountryCode,
  isSupportedCountry,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from "libphonenumber-js/min";
import type { PhoneNumbers } from "../../gateway/ports.ts";

/** Longer text is no phone number; E.164 has 15 digits. */
const maxTextChars = 32;

export type PhoneRegion = CountryCode;

export function isPhoneRegion(text: string): text is PhoneRegion {
  return isSupportedCountry(text);
}

/** `region`: whose numbers people type without a country code. */
export function createPhoneNumbers(region: PhoneRegion): PhoneNumbers {
  return {
    parse(text) {
      const typed = text.normalize("NFKC").trim();
      if (typed.length > maxTextChars || !/^\+?[0-9\s().-]+$/.test(typed)) return undefined;
      const number = parsePhoneNumberFromString(typed, { defaultCountry: region, extract: false });
      // Possible, and not valid: plans open new ranges sooner than their tables are renewed.
      return number?.isPossible() ? { e164: number.number, spellings: spellingsOf(number) } : undefined;
    },
  };

  /** How one number was typed, without spaces: a release that kept numbers as typed has them under any of these. */
  function spellingsOf(phone: PhoneNumber): string[] {
    const { countryCallingCode, nationalNumber, number } = phone;
    const international = `${countryCallingCode}${nationalNumber}`;
    const isHome = parsePhoneNumberFromString(nationalNumber, region)?.number === number;
    const national = isHome ? [nationalNumber, phone.formatNational().replace(/\D/g, "")] : [];
    return [international, `00${international}`, ...national];
  }
}
